#include "kernels/layout.h"

#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_CPU_TWINS(void plain_to_blocked(const Stream&, const Tensor&, const Slice&))
THORAX_CPU_TWINS(void blocked_to_plain(const Stream&, const Slice&, const Tensor&))

void plain_to_blocked(const Stream& stream, const Tensor& x, const Slice& y) {
  require_activation(stream, "plain_to_blocked", "y", y);
  require_plain("plain_to_blocked", "x", x, DType::f32, shape_of(y));
  THORAX_RUN_CPU(plain_to_blocked, stream, x, y);
}

void blocked_to_plain(const Stream& stream, const Slice& x, const Tensor& y) {
  require_activation(stream, "blocked_to_plain", "x", x);
  require_plain("blocked_to_plain", "y", y, DType::f32, shape_of(x));
  THORAX_RUN_CPU(blocked_to_plain, stream, x, y);
}

}  // namespace thorax
