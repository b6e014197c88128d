#include "data/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/image_math.h"

namespace thorax::data {

namespace {

// Bilinear, edges clamped.
uint8_t sample(const std::vector<uint8_t>& plane, int64_t size, float x, float y) {
  const auto last = static_cast<float>(size - 1);
  x = std::clamp(x, 0.0F, last);
  y = std::clamp(y, 0.0F, last);
  const auto x0 = static_cast<int64_t>(x);
  const auto y0 = static_cast<int64_t>(y);
  const int64_t x1 = std::min(x0 + 1, size - 1);
  const int64_t y1 = std::min(y0 + 1, size - 1);
  const auto at = [&](int64_t r, int64_t c) { return static_cast<float>(plane[static_cast<size_t>(r * size + c)]); };
  const float wx = x - static_cast<float>(x0);
  const float top = math::mix(at(y0, x0), at(y0, x1), wx);
  const float bottom = math::mix(at(y1, x0), at(y1, x1), wx);
  return math::to_byte(math::mix(top, bottom, y - static_cast<float>(y0)));
}

}  // namespace

std::vector<uint8_t> augment(const std::vector<uint8_t>& plane, int64_t size, const Augment& o, const Rng& rng, uint64_t index) {
  const auto draw = [&](uint64_t k, double range) {
    return range * (2.0 * static_cast<double>(rng.uniform(8 * index + k)) - 1.0);
  };
  Transform t;
  t.degrees = draw(0, o.rotate);
  t.zoom = 1.0 + draw(1, o.scale);
  t.shift_x = draw(2, o.shift) * static_cast<double>(size);
  t.shift_y = draw(3, o.shift) * static_cast<double>(size);
  t.mirror = o.flip && rng.uniform(8 * index + 4) < 0.5F;
  return transformed(plane, size, t);
}

std::vector<uint8_t> transformed(const std::vector<uint8_t>& plane, int64_t size, const Transform& t) {
  const double angle = t.degrees * std::numbers::pi / 180.0;
  const double mirror = t.mirror ? -1.0 : 1.0;
  // From an output pixel back to the input: about the centre, un-shift, un-rotate, un-zoom, un-mirror.
  const double c = std::cos(angle) / t.zoom;
  const double s = std::sin(angle) / t.zoom;
  const double centre = static_cast<double>(size - 1) / 2.0;
  std::vector<uint8_t> out(plane.size());
  for (int64_t y = 0; y < size; ++y) {
    for (int64_t x = 0; x < size; ++x) {
      const double dx = static_cast<double>(x) - centre - t.shift_x;
      const double dy = static_cast<double>(y) - centre - t.shift_y;
      const double from_x = mirror * (c * dx + s * dy) + centre;
      const double from_y = c * dy - s * dx + centre;
      out[static_cast<size_t>(y * size + x)] = sample(plane, size, static_cast<float>(from_x), static_cast<float>(from_y));
    }
  }
  return out;
}

}  // namespace thorax::data
