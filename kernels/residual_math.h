// One element of the end of a residual block, scalar: the CUDA twin's arithmetic beside kernels/batch_norm_math.h's, and what the
// CPU's vectors do lane by lane, with the same roundings (a test holds the two together).
#pragma once

#include "kernels/host_device.h"

namespace thorax {

// From the branch and the shortcut, both normalised. A NaN is handed on.
THORAX_HD inline float residual_y(float branch, float shortcut) {
  const float sum = branch + shortcut;
  return sum <= 0.0F ? 0.0F : sum;
}

// The gradient of the sum; y: the output.
THORAX_HD inline float residual_dz(float y, float dy) {
  return y > 0.0F ? dy : 0.0F;
}

}  // namespace thorax
