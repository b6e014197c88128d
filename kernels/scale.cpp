#include "kernels/scale.h"

#include "kernels/dispatch.h"
#include "kernels/require.h"

namespace thorax {

THORAX_CUDA_TWIN(void scale(const Stream&, const Tensor&, const Tensor&, const Tensor&, bool))

// On the CPU a batch's logits: some hundreds of elements, one thread.
void scale(const Stream& stream, const Tensor& factor, const Tensor& x, const Tensor& y, bool accumulate) {
  require_plain("scale", "factor", factor, DType::f32, {});
  require_plain("scale", "x", x, DType::f32, x.shape);
  require_plain("scale", "y", y, DType::f32, x.shape);
  THORAX_RETURN_CUDA(scale, stream, factor, x, y, accumulate);
  const float by = *factor.as<float>();
  const float* from = x.as<float>();
  auto* to = y.as<float>();
  for (int64_t i = 0; i < x.count(); ++i) to[i] = (accumulate ? to[i] : 0.0F) + by * from[i];
}

}  // namespace thorax
