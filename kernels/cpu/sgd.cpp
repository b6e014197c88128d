#include "kernels/sgd.h"

#include <algorithm>

#include "kernels/cpu/simd.h"
#include "kernels/sgd_math.h"

namespace thorax::cpu::THORAX_ISA {

void sgd_update(const Stream& stream, float* parameters, const float* gradients, float* momenta, int64_t count, const SgdScalars* scalars) {
  constexpr int64_t chunk = 16384;
  const SgdScalars s = *scalars;
  const Vec lr = broadcast(s.lr), momentum = broadcast(s.momentum), weight_decay = broadcast(s.weight_decay);
  parallel_for(stream.threads, (count + chunk - 1) / chunk, [&](int64_t c) {
    const int64_t end = std::min(count, (c + 1) * chunk);
    int64_t i = c * chunk;
    for (; i + block <= end; i += block) {
      Vec p = load(parameters + i);
      Vec m = s.first != 0 ? Vec{} : load(momenta + i);
      math::sgd(p, load(gradients + i), m, lr, momentum, weight_decay, s.first != 0, [](Vec a, Vec b, Vec d) { return fma(a, b, d); });
      store(parameters + i, p);
      store(momenta + i, m);
    }
    for (; i < end; ++i) {
      math::sgd(parameters[i], gradients[i], momenta[i], s.lr, s.momentum, s.weight_decay, s.first != 0,
                [](float a, float b, float d) { return std::fma(a, b, d); });
    }
  });
}

}  // namespace thorax::cpu::THORAX_ISA
