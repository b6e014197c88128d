#pragma once

#include <cmath>

#include "kernels/host_device.h"
#include "kernels/sgd.h"

namespace thorax {

// One element of sgd_update. Multiply-adds are fused where PyTorch's vector code fuses them (an axpy each for the weight decay
// and for the step), and the momentum's product is rounded by itself, as there. first is s.first, out of the loop.
template <bool first>
THORAX_HD inline void sgd_element(const SgdScalars& s, float gradient, float& parameter, float& momentum) {
  const float g = s.gradient_scale * gradient;
  const float d = s.weight_decay == 0.0F ? g : std::fma(s.weight_decay, parameter, g);
  const float m = first ? d : s.momentum * momentum + d;
  momentum = m;
  parameter = std::fma(-s.lr, m, parameter);
}

}  // namespace thorax
