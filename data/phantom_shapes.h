// What phantoms are painted with: soft edges, soft lines, ellipses; and random draws. Coordinates: x from -1 (left edge of the
// image) to 1, y from -1 (top) to 1; the heart points to the right, as on a radiograph seen from the front.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tensor/rng.h"

namespace thorax::data {

struct Point {
  double x, y;
};

// 1 where distance is well below 0, 0 where it is well above, soft over `width`.
inline double inside(double distance, double width) {
  const double t = distance / width;
  if (std::abs(t) > 12.0) return t < 0 ? 1.0 : 0.0;
  return 1.0 / (1.0 + std::exp(t));
}

inline double ramp(double x, double low, double high) {
  const double t = std::clamp((x - low) / (high - low), 0.0, 1.0);
  return t * t * (3.0 - 2.0 * t);
}

// A line of this half width, soft.
inline double line(double distance, double half_width) {
  const double t = distance / half_width;
  return std::abs(t) > 4.0 ? 0.0 : std::exp(-0.5 * t * t);
}

// Below 0 inside.
inline double ellipse_distance(Point p, Point centre, double rx, double ry) {
  return (std::hypot((p.x - centre.x) / rx, (p.y - centre.y) / ry) - 1.0) * std::min(rx, ry);
}

// Draws in the order of the calls.
class Draws {
 public:
  explicit Draws(const Rng& rng) : rng_(rng) {}
  double in(double low, double high) { return low + (high - low) * static_cast<double>(rng_.uniform(next_++)); }
  bool chance(double p) { return in(0, 1) < p; }
  uint32_t below(uint32_t n) { return rng_.below(next_++, n); }

 private:
  Rng rng_;
  uint64_t next_ = 0;
};

}  // namespace thorax::data
