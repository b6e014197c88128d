#pragma once

#include <cmath>

#include "kernels/clip.h"
#include "kernels/host_device.h"

namespace thorax {

// What a gradient of this norm is multiplied with.
THORAX_HD inline float clip_factor(double norm, double limit) {
  return norm > limit ? static_cast<float>(limit / norm) : 1.0F;
}

// What follows for one group from the norm of the gradient as it is, scaled.
THORAX_HD inline void scale_gradient(SgdScalars& s, double scaled_norm, double limit, const LossScaleState* scale) {
  if (scale == nullptr) {
    s.gradient_scale = clip_factor(scaled_norm, limit);
    return;
  }
  const double by = static_cast<double>(scale->scale);
  s.gradient_scale = clip_factor(scaled_norm / by, limit) / scale->scale;
  s.skip = std::isfinite(scaled_norm) ? 0 : 1;
}

}  // namespace thorax
