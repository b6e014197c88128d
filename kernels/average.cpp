#include "kernels/average.h"

#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void average_update(const Stream&, const Tensor&, const float*, const Tensor&))

void average_update(const Stream& stream, const Tensor& value, const float* weight, const Tensor& average) {
  require_plain("average_update", "value", value, DType::f32, average.shape);
  require_plain("average_update", "average", average, DType::f32, average.shape);
  require(weight != nullptr, "average_update", "average is ", average.shape, ", the weight is missing");
  THORAX_RUN(average_update, stream, value, weight, average);
}

}  // namespace thorax
