#include "kernels/sigmoid.h"

#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void sigmoid_forward(const Stream&, const Tensor&, const Tensor&))

void sigmoid_forward(const Stream& stream, const Tensor& x, const Tensor& y) {
  require_plain("sigmoid_forward", "x", x, DType::f32, x.shape);
  require_plain("sigmoid_forward", "y", y, DType::f32, x.shape);
  THORAX_RUN(sigmoid_forward, stream, x, y);
}

}  // namespace thorax
