#include "kernels/sigmoid.h"

#include "kernels/cpu/partial.h"
#include "kernels/sigmoid_math.h"

namespace thorax::cpu::THORAX_ISA {

void sigmoid_forward(const Stream& stream, const Tensor& x, const Tensor& y) {
  const float* from = x.as<float>();
  float* to = y.as<float>();
  parallel_pieces(stream.threads, x.count(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = sigmoid(from[i]);
  });
}

}  // namespace thorax::cpu::THORAX_ISA
