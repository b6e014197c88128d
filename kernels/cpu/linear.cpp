#include "kernels/linear.h"

#include "kernels/cpu/partial.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

float dot(const float* a, const float* b, int64_t count) {
  // Four sums, so that one multiply-add need not wait for the last.
  Vec part[4]{};
  int64_t i = 0;
  for (; i + 4 * block <= count; i += 4 * block)
    for (int64_t j = 0; j < 4; ++j) part[j] = fma(load(a + i + j * block), load(b + i + j * block), part[j]);
  for (; i < count; i += block) part[0] = fma(load_part(a + i, count - i), load_part(b + i, count - i), part[0]);
  return sum((part[0] + part[1]) + (part[2] + part[3]));
}

// to[0..count) = (or +=) the sum over k of scale[k * scale_step] * rows[k * count + ...]: a row of a matrix product.
void combine(const float* scale, int64_t scale_step, const float* rows, int64_t terms, int64_t count, float* to,
             bool accumulate) {
  for (int64_t i = 0; i < count; i += block) {
    const int64_t left = count - i;
    Vec total = accumulate ? load_part(to + i, left) : Vec{};
    for (int64_t k = 0; k < terms; ++k)
      total = fma(broadcast(scale[k * scale_step]), load_part(rows + k * count + i, left), total);
    store_part(to + i, total, left);
  }
}

}  // namespace

void linear_forward(const Stream& stream, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y) {
  const int64_t in = x.shape[1], out = weight.shape[0];
  const float* from = x.as<float>();
  const float* w = weight.as<float>();
  const float* b = bias.as<float>();
  float* to = y.as<float>();
  parallel_for(stream.threads, x.shape[0], [&](int64_t n) {
    for (int64_t o = 0; o < out; ++o) to[n * out + o] = dot(from + n * in, w + o * in, in) + b[o];
  });
}

void linear_backward_data(const Stream& stream, const Tensor& dy, const Tensor& weight, const Tensor& dx, bool accumulate) {
  const int64_t out = weight.shape[0], in = weight.shape[1];
  const float* from = dy.as<float>();
  const float* w = weight.as<float>();
  float* to = dx.as<float>();
  parallel_for(stream.threads, dy.shape[0], [&](int64_t n) { combine(from + n * out, 1, w, out, in, to + n * in, accumulate); });
}

void linear_backward_weights(const Stream& stream, const Tensor& dy, const Tensor& x, const Tensor& dweight, const Tensor& dbias,
                             bool accumulate) {
  const int64_t images = dy.shape[0], out = dy.shape[1], in = x.shape[1];
  const float* from = dy.as<float>();
  const float* input = x.as<float>();
  float* dw = dweight.as<float>();
  float* db = dbias.as<float>();
  parallel_for(stream.threads, out, [&](int64_t o) {
    combine(from + o, out, input, images, in, dw + o * in, accumulate);
    float total = accumulate ? db[o] : 0.0F;
    for (int64_t n = 0; n < images; ++n) total += from[n * out + o];
    db[o] = total;
  });
}

}  // namespace thorax::cpu::THORAX_ISA
