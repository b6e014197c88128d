// One element of batch norm, scalar: the CUDA twins' arithmetic, and what the CPU's vectors do lane by lane, with the same
// roundings (a test holds the two together).
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/host_device.h"

namespace thorax {

// 1 / sqrt(variance + eps), rounded once.
THORAX_HD inline float reciprocal_root(float variance, float eps) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(variance) + static_cast<double>(eps)));
}

// Of one channel: z = a*x + s.
struct NormLine {
  float a;
  float s;

  NormLine() = default;
  THORAX_HD NormLine(float mean, float rstd, float gamma, float beta) : a(gamma * rstd), s(std::fma(-mean, a, beta)) {}
  THORAX_HD float z(float x) const { return std::fma(a, x, s); }
  // A NaN is handed on.
  THORAX_HD float y(float x, bool relu) const {
    const float value = z(x);
    return relu && value <= 0.0F ? 0.0F : value;
  }
  THORAX_HD float dz(float x, float dy, bool relu) const { return relu && !(z(x) > 0.0F) ? 0.0F : dy; }
};

// The sums over a batch enter the gradient as dx = a*dz + slope * (x - mean) + shift.
struct NormCorrection {
  float slope = 0;
  float shift = 0;

  NormCorrection() = default;
  THORAX_HD NormCorrection(float a, float rstd, float sum_dz, float sum_dz_xhat, int64_t count) {
    const float scale = -a / static_cast<float>(count);
    slope = scale * rstd * sum_dz_xhat;
    shift = scale * sum_dz;
  }
};

THORAX_HD inline float norm_dx(float a, float dz, const NormCorrection& k, float x, float mean) {
  return std::fma(a, dz, std::fma(k.slope, x - mean, k.shift));
}

// gamma / sqrt(variance + eps) / count: what a consumer's sums are multiplied with in its corrections.
THORAX_HD inline float correction_scale(float gamma, float variance, float eps, int64_t count) {
  const double rstd = 1.0 / std::sqrt(static_cast<double>(variance) + static_cast<double>(eps));
  return static_cast<float>(static_cast<double>(gamma) * rstd / static_cast<double>(count));
}

}  // namespace thorax
