#include "data/augment.h"

#include <cmath>
#include <numbers>

namespace thorax::data {

Transform draw_transform(const Augment& o, int64_t size, const Rng& rng, uint64_t index) {
  const auto draw = [&](uint64_t k, double range) {
    return range * (2.0 * static_cast<double>(rng.uniform(8 * index + k)) - 1.0);
  };
  Transform t;
  t.degrees = draw(0, o.rotate);
  t.zoom = 1.0 + draw(1, o.scale);
  t.shift_x = draw(2, o.shift) * static_cast<double>(size);
  t.shift_y = draw(3, o.shift) * static_cast<double>(size);
  t.mirror = o.flip && rng.uniform(8 * index + 4) < 0.5F;
  return t;
}

// Un-shift, un-rotate, un-zoom, un-mirror.
SampleMap map_of(const Transform& t) {
  const double angle = t.degrees * std::numbers::pi / 180.0;
  return {t.mirror ? -1.0 : 1.0, std::cos(angle) / t.zoom, std::sin(angle) / t.zoom, t.shift_x, t.shift_y};
}

std::vector<uint8_t> transformed(const std::vector<uint8_t>& plane, int64_t size, const Transform& t) {
  const SampleMap map = map_of(t);
  std::vector<uint8_t> out(plane.size());
  for (int64_t y = 0; y < size; ++y)
    for (int64_t x = 0; x < size; ++x) out[static_cast<size_t>(y * size + x)] = moved_pixel(plane.data(), size, map, x, y);
  return out;
}

}  // namespace thorax::data
