// The logistic function, exact to rounding and without overflow on both sides; T is float or double.
#pragma once

#include <cmath>

#include "kernels/host_device.h"

namespace thorax {

template <class T>
THORAX_HD inline T sigmoid(T x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const T e = std::exp(x);
  return e / (1 + e);
}

// dy times the slope where the logistic function is y.
THORAX_HD inline float sigmoid_slope(float y, float dy) {
  return dy * y * (1.0F - y);
}

}  // namespace thorax
