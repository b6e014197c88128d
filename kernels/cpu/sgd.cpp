#include "kernels/sgd.h"

#include "kernels/cpu/partial.h"
#include "kernels/sgd_math.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

template <bool first>
void update(const SgdScalars s, const float* gradient, float* parameter, float* momentum, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sgd_element<first>(s, gradient[i], parameter[i], momentum[i]);
}

}  // namespace

void sgd_update(const Stream& stream, const Tensor& gradient, const SgdScalars* scalars, const Tensor& parameter,
                const Tensor& momentum) {
  const SgdScalars s = *scalars;
  if (s.skip != 0) return;
  const float* g = gradient.as<float>();
  float* p = parameter.as<float>();
  float* m = momentum.as<float>();
  parallel_pieces(stream.threads, parameter.count(), [&](int64_t begin, int64_t end) {
    (s.first != 0 ? update<true> : update<false>)(s, g + begin, p + begin, m + begin, end - begin);
  });
}

}  // namespace thorax::cpu::THORAX_ISA
