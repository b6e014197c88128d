#include "kernels/add.h"

#include "kernels/checks.h"

namespace thorax {

THORAX_TWINS(void add_forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y, bool relu))
THORAX_TWINS(void relu_backward(const Stream& stream, const Slice& y, const Slice& dy, const Slice& dx, bool accumulate))

namespace {

void check(const char* op, const Slice& a, const Slice& b, const Slice& y) {
  check_same(op, a, b);
  check_same(op, a, y);
  if (a.buffer.dtype != b.buffer.dtype || a.buffer.dtype != y.buffer.dtype) {
    throw Error(Fault::defect, str(op, ": ", a.buffer.dtype, ", ", b.buffer.dtype, " and ", y.buffer.dtype, ", one dtype is expected"));
  }
}

}  // namespace

void add_forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y) {
  check("add_forward", a, b, y);
  THORAX_RUN(add_forward, stream, a, b, y, false);
}

void add_relu_forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y) {
  check("add_relu_forward", a, b, y);
  THORAX_RUN(add_forward, stream, a, b, y, true);
}

void relu_backward(const Stream& stream, const Slice& y, const Slice& dy, const Slice& dx, bool accumulate) {
  check("relu_backward", y, dy, dx);
  THORAX_RUN(relu_backward, stream, y, dy, dx, accumulate);
}

}  // namespace thorax
