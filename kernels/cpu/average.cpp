#include "kernels/average.h"

#include "kernels/average_math.h"
#include "kernels/cpu/partial.h"

namespace thorax::cpu::THORAX_ISA {

void average_update(const Stream& stream, const Tensor& value, const float* weight, const Tensor& average) {
  const float w = *weight;
  const float* from = value.as<float>();
  float* to = average.as<float>();
  parallel_pieces(stream.threads, average.count(), [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) to[i] = average_element(to[i], from[i], w);
  });
}

}  // namespace thorax::cpu::THORAX_ISA
