// The arithmetic of one channel block's batch norm, shared by the plain and the pooled kernels.
#pragma once

#include <type_traits>
#include <utility>

#include "kernels/batch_norm.h"
#include "kernels/cpu/simd.h"

namespace thorax::cpu::THORAX_ISA {

inline Vec root(Vec v) {
  Vec r;
  for (int i = 0; i < THORAX_BLOCK; ++i) r[i] = std::sqrt(v[i]);
  return r;
}

struct Coefficients {
  Vec a, s;         // z = a*x + s
  Vec mean, rstd;

  Coefficients(const BatchNorm& norm, int64_t channel)
      : mean(load(norm.mean + channel)), rstd(broadcast(1.0F) / root(load(norm.variance + channel) + broadcast(norm.eps))) {
    a = load(norm.gamma + channel) * rstd;
    s = fma(-mean, a, load(norm.beta + channel));
  }
  Vec z(Vec x) const { return fma(x, a, s); }
  Vec xhat(Vec x) const { return (x - mean) * rstd; }
  template <bool relu>
  Vec dz(Vec x, Vec dy) const {
    if constexpr (relu) return where(z(x) > Vec{}, dy);
    else return dy;
  }
  // dx = a*dz + b*xhat + c: b and c from the totals; zero in evaluation mode.
  std::pair<Vec, Vec> corrections(const float* sum_dz, const float* sum_dz_xhat, int64_t channel, int64_t count) const {
    if (sum_dz == nullptr) return {Vec{}, Vec{}};
    const Vec scale = -a / static_cast<float>(count);
    return {scale * load(sum_dz_xhat + channel), scale * load(sum_dz + channel)};
  }
};

// f(image, channel of the slice) for every image and channel block.
template <class F>
void for_blocks(const Stream& stream, const Slice& s, const F& f) {
  const int64_t blocks = s.channels / block;
  parallel_for(stream.threads, s.images * blocks, [&](int64_t item) { f(item / blocks, item % blocks * block); });
}

// Three run-time flags as compile-time ones.
template <class F>
void with_flags(bool a, bool b, bool c, const F& f) {
  const auto third = [&](auto x, auto y) { return c ? f(x, y, std::true_type{}) : f(x, y, std::false_type{}); };
  const auto second = [&](auto x) { return b ? third(x, std::true_type{}) : third(x, std::false_type{}); };
  return a ? second(std::true_type{}) : second(std::false_type{});
}

}  // namespace thorax::cpu::THORAX_ISA
