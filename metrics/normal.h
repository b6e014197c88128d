// The standard normal distribution.
#pragma once

#include <cmath>
#include <numbers>

namespace thorax::metrics {

inline double normal_cdf(double x) {
  return std::erfc(-x / std::numbers::sqrt2) / 2;
}

// p: in (0, 1). By bisection on the distribution itself: it is asked for some numbers a run, and right to the last bits.
inline double normal_quantile(double p) {
  double low = -40, high = 40;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (normal_cdf(middle) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

// The probability of a value at least as far from 0 on either side.
inline double two_sided_p(double z) {
  return std::erfc(std::fabs(z) / std::numbers::sqrt2);
}

}  // namespace thorax::metrics
