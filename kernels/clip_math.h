#pragma once

#include "kernels/host_device.h"

namespace thorax {

// What a gradient of this norm is multiplied with.
THORAX_HD inline float clip_factor(double norm, double limit) {
  return norm > limit ? static_cast<float>(limit / norm) : 1.0F;
}

}  // namespace thorax
