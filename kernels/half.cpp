#include "kernels/half.h"

#include "kernels/dispatch.h"
#include "kernels/isa.h"

namespace thorax {

THORAX_CPU_TWINS(void half_to_single(const Stream&, const f16*, float*, int64_t))
THORAX_CPU_TWINS(void single_to_half(const Stream&, const float*, f16*, int64_t))

void half_to_single(const Stream& stream, const f16* from, float* to, int64_t count) {
  THORAX_RUN_CPU(half_to_single, stream, from, to, count);
}

void single_to_half(const Stream& stream, const float* from, f16* to, int64_t count) {
  THORAX_RUN_CPU(single_to_half, stream, from, to, count);
}

}  // namespace thorax
