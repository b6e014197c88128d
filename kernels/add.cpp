#include "kernels/add.h"

#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void add_forward(const Stream&, const Slice&, const Slice&, const Slice&))
THORAX_TWINS(void add_relu_forward(const Stream&, const Slice&, const Slice&, const Slice&))
THORAX_TWINS(void add_backward(const Stream&, const Slice&, const Slice&, bool, const Slice&, bool))
THORAX_TWINS(void add_relu_backward(const Stream&, const Slice&, const Slice&, const Slice&, bool, const Slice&, bool))

namespace {

void check_forward(const Stream& stream, const char* op, const Slice& a, const Slice& b, const Slice& y) {
  require_activation(stream, op, "a", a);
  require_activation(stream, op, "b", b);
  require_activation(stream, op, "y", y);
  require_same(op, "a", a, "b", b);
  require_same(op, "a", a, "y", y);
}

void check_gradient(const Stream& stream, const char* op, const Slice& dy, const char* name, const Slice& gradient) {
  if (!gradient.buffer) return;
  require_activation(stream, op, name, gradient);
  require_same(op, "dy", dy, name, gradient);
}

}  // namespace

void add_forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y) {
  check_forward(stream, "add_forward", a, b, y);
  THORAX_RUN(add_forward, stream, a, b, y);
}

void add_relu_forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y) {
  check_forward(stream, "add_relu_forward", a, b, y);
  THORAX_RUN(add_relu_forward, stream, a, b, y);
}

void add_backward(const Stream& stream, const Slice& dy, const Slice& da, bool accumulate_a, const Slice& db, bool accumulate_b) {
  require_activation(stream, "add_backward", "dy", dy);
  check_gradient(stream, "add_backward", dy, "da", da);
  check_gradient(stream, "add_backward", dy, "db", db);
  THORAX_RUN(add_backward, stream, dy, da, accumulate_a, db, accumulate_b);
}

void add_relu_backward(const Stream& stream, const Slice& dy, const Slice& y, const Slice& da, bool accumulate_a, const Slice& db,
                       bool accumulate_b) {
  require_activation(stream, "add_relu_backward", "dy", dy);
  require_activation(stream, "add_relu_backward", "y", y);
  require_same("add_relu_backward", "dy", dy, "y", y);
  check_gradient(stream, "add_relu_backward", dy, "da", da);
  check_gradient(stream, "add_relu_backward", dy, "db", db);
  THORAX_RUN(add_relu_backward, stream, dy, y, da, accumulate_a, db, accumulate_b);
}

}  // namespace thorax
