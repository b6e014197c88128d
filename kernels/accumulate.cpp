#include "kernels/accumulate.h"

#include "kernels/isa.h"

namespace thorax {

THORAX_CPU_TWINS(void accumulate(const Stream& stream, const float* from, float* to, int64_t count))

void accumulate(const Stream& stream, const float* from, float* to, int64_t count) {
  THORAX_RUN_CPU(accumulate, stream, from, to, count);
}

}  // namespace thorax
