#include "kernels/sgd.h"

#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void sgd_update(const Stream&, const Tensor&, const SgdScalars*, const Tensor&, const Tensor&))

void sgd_update(const Stream& stream, const Tensor& gradient, const SgdScalars* scalars, const Tensor& parameter,
                const Tensor& momentum) {
  require_plain("sgd_update", "gradient", gradient, DType::f32, parameter.shape);
  require_plain("sgd_update", "parameter", parameter, DType::f32, parameter.shape);
  require_plain("sgd_update", "momentum", momentum, DType::f32, parameter.shape);
  require(scalars != nullptr, "sgd_update", "parameter is ", parameter.shape, ", the scalars are missing");
  THORAX_RUN(sgd_update, stream, gradient, scalars, parameter, momentum);
}

}  // namespace thorax
