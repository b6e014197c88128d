#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "data/augment.h"
#include "tests/data/oracle.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

constexpr int64_t size = 33;

std::vector<uint8_t> mirrored(const std::vector<uint8_t>& plane) {
  std::vector<uint8_t> out = plane;
  for (int64_t y = 0; y < size; ++y) std::reverse(out.begin() + y * size, out.begin() + (y + 1) * size);
  return out;
}

// A soft spot at (x, y), bright on black.
std::vector<uint8_t> spot(double cx, double cy) {
  std::vector<uint8_t> plane;
  for (int64_t i = 0; i < size * size; ++i) {
    const double r = std::hypot(static_cast<double>(i % size) - cx, static_cast<double>(i / size) - cy);
    plane.push_back(static_cast<uint8_t>(250.0 * std::exp(-r * r / 8.0)));
  }
  return plane;
}

std::pair<double, double> centre_of(const std::vector<uint8_t>& plane) {
  double sum = 0;
  double x = 0;
  double y = 0;
  for (int64_t i = 0; i < size * size; ++i) {
    const double v = plane[static_cast<size_t>(i)];
    sum += v;
    x += v * static_cast<double>(i % size);
    y += v * static_cast<double>(i / size);
  }
  return {x / sum, y / sum};
}

std::vector<uint8_t> augment(const std::vector<uint8_t>& plane, int64_t side, const Augment& options, const Rng& rng,
                             uint64_t index) {
  return transformed(plane, side, draw_transform(options, side, rng, index));
}

}  // namespace

TEST_CASE("augment: nothing asked for changes nothing, flipping is exact, and every second image") {
  const std::vector<uint8_t> plane = made(9, 0, size * size);
  CHECK(!Augment{}.any());
  CHECK(augment(plane, size, Augment{}, Rng(1, 0), 5) == plane);
  Augment flip;
  flip.flip = true;
  int flipped = 0;
  for (uint64_t i = 0; i < 400; ++i) {
    const auto out = augment(plane, size, flip, Rng(1, 0), i);
    REQUIRE((out == plane || out == mirrored(plane)));
    flipped += out == plane ? 0 : 1;
  }
  CHECK(flipped > 150);
  CHECK(flipped < 250);
}

TEST_CASE("augment: a function of seed, epoch (stream) and index") {
  const std::vector<uint8_t> plane = made(9, 0, size * size);
  const Augment all{true, 0.1, 0.1, 10};
  CHECK(augment(plane, size, all, Rng(1, 2), 3) == augment(plane, size, all, Rng(1, 2), 3));
  CHECK(augment(plane, size, all, Rng(1, 2), 3) != augment(plane, size, all, Rng(1, 2), 4));
  CHECK(augment(plane, size, all, Rng(1, 2), 3) != augment(plane, size, all, Rng(1, 3), 3));
  CHECK(augment(plane, size, all, Rng(1, 2), 3) != augment(plane, size, all, Rng(2, 2), 3));
}

TEST_CASE("augment: shifts, turns and zooms stay in their ranges, and reach their ends") {
  const auto extremes = [](const Augment& a, const std::vector<uint8_t>& plane, const auto& measure) {
    double low = 1e9;
    double high = -1e9;
    for (uint64_t i = 0; i < 300; ++i) {
      const double v = measure(centre_of(augment(plane, size, a, Rng(7, 1), i)));
      low = std::min(low, v);
      high = std::max(high, v);
    }
    return std::pair(low, high);
  };
  Augment shift;
  shift.shift = 0.2;
  const auto moved = extremes(shift, spot(16, 16), [](const auto& c) { return c.first - 16.0; });
  CHECK(moved.first == doctest::Approx(-0.2 * size).epsilon(0.06));
  CHECK(moved.second == doctest::Approx(0.2 * size).epsilon(0.06));
  Augment rotate;
  rotate.rotate = 30;
  const auto turned = extremes(rotate, spot(26, 16),
                               [](const auto& c) { return std::atan2(c.second - 16, c.first - 16) * 180 / std::numbers::pi; });
  CHECK(turned.first == doctest::Approx(-30).epsilon(0.06));
  CHECK(turned.second == doctest::Approx(30).epsilon(0.06));
  Augment scale;
  scale.scale = 0.25;
  const auto zoomed = extremes(scale, spot(24, 16), [](const auto& c) { return (c.first - 16.0) / 8.0; });
  CHECK(zoomed.first == doctest::Approx(0.75).epsilon(0.04));
  CHECK(zoomed.second == doctest::Approx(1.25).epsilon(0.04));
}

TEST_CASE("augment: outside the image lie its edge pixels, no border") {
  const std::vector<uint8_t> plane(size * size, 140);
  const Augment all{true, 0.5, 0.5, 180};
  for (uint64_t i = 0; i < 50; ++i) CHECK(augment(plane, size, all, Rng(3, 3), i) == plane);
}
