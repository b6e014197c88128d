// The arithmetic of one channel block's batch norm, shared by the plain and the pooled kernels.
#pragma once

#include <type_traits>

#include "kernels/batch_norm.h"
#include "kernels/cpu/simd.h"

namespace thorax::cpu::THORAX_ISA {

// 1 / sqrt(variance + eps), rounded once.
inline Vec reciprocal_root(const float* variance, float eps) {
  DoubleVec v = to_double(load(variance)) + static_cast<double>(eps);
  for (int i = 0; i < THORAX_BLOCK; ++i) v[i] = 1.0 / std::sqrt(v[i]);
  return to_single(v);
}

// The sums over a batch enter the gradient as dx = a*dz + slope * (x - mean) + shift.
struct Corrections {
  Vec slope{};
  Vec shift{};
};

struct Coefficients {
  Vec mean, rstd;
  Vec a, s;  // z = a*x + s

  Coefficients(const BatchNorm& norm, int64_t channel)
      : mean(load(norm.mean + channel)),
        rstd(reciprocal_root(norm.variance + channel, norm.eps)),
        a(load(norm.gamma + channel) * rstd),
        s(fma(-mean, a, load(norm.beta + channel))) {}
  Vec z(Vec x) const { return fma(x, a, s); }
  template <bool relu>
  Vec dz(Vec x, Vec dy) const {
    if constexpr (relu) return where(z(x) > Vec{}, dy);
    return dy;
  }
  template <bool relu>
  Vec dx(const Corrections& k, Vec x, Vec dy) const {
    return fma(a, dz<relu>(x, dy), fma(k.slope, x - mean, k.shift));
  }
  // From the totals over the batch of count = N*H*W pixels; none in evaluation mode (null).
  Corrections corrections(const float* sum_dz, const float* sum_dz_xhat, int64_t channel, int64_t count) const {
    if (sum_dz == nullptr) return {};
    const Vec scale = -a / static_cast<float>(count);
    return {scale * rstd * load(sum_dz_xhat + channel), scale * load(sum_dz + channel)};
  }
};

// sum dz and sum dz * (x - mean) of one image and channel block: fp32 over short runs, then double.
struct GradientSums {
  DoubleVec dz{};
  DoubleVec dz_centred{};

  void add(Vec run_dz, Vec run_dz_centred) {
    dz += to_double(run_dz);
    dz_centred += to_double(run_dz_centred);
  }
  // sums: [images, 2, channels] at the image and channel.
  void store_to(float* sums, int64_t channels, const Coefficients& k) const {
    store(sums, to_single(dz));
    store(sums + channels, to_single(dz_centred * to_double(k.rstd)));
  }
};

// f(image, channel of the slice) for every image and channel block.
template <class F>
void for_blocks(const Stream& stream, const Slice& s, const F& f) {
  const int64_t blocks = s.channels / block;
  parallel_for(stream.threads, s.images * blocks, [&](int64_t item) { f(item / blocks, item % blocks * block); });
}

// f(std::true_type) or f(std::false_type): a run-time flag as a compile-time one.
template <class F>
void with_flag(bool flag, const F& f) {
  if (flag) {
    f(std::true_type{});
  } else {
    f(std::false_type{});
  }
}

}  // namespace thorax::cpu::THORAX_ISA
