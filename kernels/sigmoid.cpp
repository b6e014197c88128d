#include "kernels/sigmoid.h"

#include "kernels/isa.h"
#include "kernels/require.h"
#include "kernels/sigmoid_math.h"

namespace thorax {

THORAX_TWINS(void sigmoid_forward(const Stream&, const Tensor&, const Tensor&))
THORAX_CUDA_TWIN(void sigmoid_backward(const Stream&, const Tensor&, const Tensor&, const Tensor&, bool))

void sigmoid_forward(const Stream& stream, const Tensor& x, const Tensor& y) {
  require_plain("sigmoid_forward", "x", x, DType::f32, x.shape);
  require_plain("sigmoid_forward", "y", y, DType::f32, x.shape);
  THORAX_RUN(sigmoid_forward, stream, x, y);
}

void sigmoid_backward(const Stream& stream, const Tensor& y, const Tensor& dy, const Tensor& dx, bool accumulate) {
  require_plain("sigmoid_backward", "y", y, DType::f32, y.shape);
  require_plain("sigmoid_backward", "dy", dy, DType::f32, y.shape);
  require_plain("sigmoid_backward", "dx", dx, DType::f32, y.shape);
  THORAX_RETURN_CUDA(sigmoid_backward, stream, y, dy, dx, accumulate);
  for (int64_t i = 0; i < y.count(); ++i) {
    const float gradient = sigmoid_slope(y.as<float>()[i], dy.as<float>()[i]);
    dx.as<float>()[i] = accumulate ? dx.as<float>()[i] + gradient : gradient;
  }
}

}  // namespace thorax
