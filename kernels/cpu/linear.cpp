#include "kernels/linear.h"

#include "kernels/cpu/simd.h"

namespace thorax::cpu::THORAX_ISA {

void linear_forward(const Stream& stream, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y) {
  const int64_t in = x.shape[1], out = weight.shape[0];
  parallel_for(stream.threads, x.shape[0], [&](int64_t n) {
    const float* px = x.as<float>() + n * in;
    for (int64_t o = 0; o < out; ++o) {
      const float* w = weight.as<float>() + o * in;
      DoubleVec sum{};
      int64_t i = 0;
      for (; i + block <= in; i += block) sum += __builtin_convertvector(load(px + i) * load(w + i), DoubleVec);
      double total = static_cast<double>(bias.as<float>()[o]);
      for (int k = 0; k < THORAX_BLOCK; ++k) total += sum[k];
      for (; i < in; ++i) total += static_cast<double>(px[i]) * static_cast<double>(w[i]);
      y.as<float>()[n * out + o] = static_cast<float>(total);
    }
  });
}

void linear_backward_data(const Stream& stream, const Tensor& dy, const Tensor& weight, const Tensor& dx, bool accumulate) {
  const int64_t in = dx.shape[1], out = weight.shape[0];
  parallel_for(stream.threads, dx.shape[0], [&](int64_t n) {
    for (int64_t i = 0; i < in; ++i) {
      double sum = accumulate ? static_cast<double>(dx.as<float>()[n * in + i]) : 0.0;
      for (int64_t o = 0; o < out; ++o) {
        sum += static_cast<double>(dy.as<float>()[n * out + o]) * static_cast<double>(weight.as<float>()[o * in + i]);
      }
      dx.as<float>()[n * in + i] = static_cast<float>(sum);
    }
  });
}

void linear_backward_weights(const Stream& stream, const Tensor& x, const Tensor& dy, const Tensor& dweight, const Tensor& dbias, bool accumulate) {
  const int64_t in = x.shape[1], out = dweight.shape[0], images = x.shape[0];
  parallel_for(stream.threads, out, [&](int64_t o) {
    for (int64_t i = 0; i < in; ++i) {
      float& to = dweight.as<float>()[o * in + i];
      double sum = accumulate ? static_cast<double>(to) : 0.0;
      for (int64_t n = 0; n < images; ++n) sum += static_cast<double>(dy.as<float>()[n * out + o]) * static_cast<double>(x.as<float>()[n * in + i]);
      to = static_cast<float>(sum);
    }
    double sum = accumulate ? static_cast<double>(dbias.as<float>()[o]) : 0.0;
    for (int64_t n = 0; n < images; ++n) sum += static_cast<double>(dy.as<float>()[n * out + o]);
    dbias.as<float>()[o] = static_cast<float>(sum);
  });
}

}  // namespace thorax::cpu::THORAX_ISA
