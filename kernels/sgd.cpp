#include "kernels/sgd.h"

#include "kernels/isa.h"

namespace thorax {

THORAX_TWINS(void sgd_update(const Stream& stream, float* parameters, const float* gradients, float* momenta, int64_t count,
                             const SgdScalars* scalars))

void sgd_update(const Stream& stream, float* parameters, const float* gradients, float* momenta, int64_t count, const SgdScalars* scalars) {
  THORAX_RUN(sgd_update, stream, parameters, gradients, momenta, count, scalars);
}

}  // namespace thorax
