#include "kernels/accumulate.h"

#include <algorithm>

#include "kernels/cpu/simd.h"

namespace thorax::cpu::THORAX_ISA {

void accumulate(const Stream& stream, const float* from, float* to, int64_t count) {
  constexpr int64_t chunk = 16384;
  parallel_for(stream.threads, (count + chunk - 1) / chunk, [&](int64_t c) {
    const int64_t end = std::min(count, (c + 1) * chunk);
    int64_t i = c * chunk;
    for (; i + block <= end; i += block) store(to + i, load(to + i) + load(from + i));
    for (; i < end; ++i) to[i] += from[i];
  });
}

}  // namespace thorax::cpu::THORAX_ISA
