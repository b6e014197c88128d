#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "kernels/image.h"
#include "kernels/image_math.h"
#include "tests/data/oracle.h"

using namespace thorax;
using namespace thorax::test;

namespace {

// In double, straight from the definition.
std::vector<double> naive_resize(const std::vector<uint8_t>& in, int64_t h, int64_t w, int64_t out_h, int64_t out_w) {
  const auto at = [&](int64_t y, int64_t x) {
    return static_cast<double>(in[static_cast<size_t>(std::clamp<int64_t>(y, 0, h - 1) * w + std::clamp<int64_t>(x, 0, w - 1))]);
  };
  std::vector<double> out;
  for (int64_t y = 0; y < out_h; ++y) {
    for (int64_t x = 0; x < out_w; ++x) {
      const double sy = (static_cast<double>(y) + 0.5) * static_cast<double>(h) / static_cast<double>(out_h) - 0.5;
      const double sx = (static_cast<double>(x) + 0.5) * static_cast<double>(w) / static_cast<double>(out_w) - 0.5;
      const auto y0 = static_cast<int64_t>(std::floor(sy));
      const auto x0 = static_cast<int64_t>(std::floor(sx));
      const double fy = sy - std::floor(sy);
      const double fx = sx - std::floor(sx);
      out.push_back((1 - fy) * ((1 - fx) * at(y0, x0) + fx * at(y0, x0 + 1)) +
                    fy * ((1 - fx) * at(y0 + 1, x0) + fx * at(y0 + 1, x0 + 1)));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("equalisation is OpenCV's, bit for bit") {
  auto cases = oracle("equalize");
  REQUIRE(cases.size() == 60);
  for (auto& c : cases) {
    uint32_t seed = 0;
    int kind = 0;
    int64_t h = 0;
    int64_t w = 0;
    std::string hash;
    c >> seed >> kind >> h >> w >> hash;
    std::vector<uint8_t> image = made(seed, kind, h * w);
    std::vector<uint8_t> out(image.size());
    equalize_histogram(image.data(), out.data(), h * w);
    CHECK(fnv(out) == hash);
    equalize_histogram(image.data(), image.data(), h * w);
    CHECK(image == out);
  }
}

TEST_CASE("equalisation of nothing, of one value and of two") {
  equalize_histogram(nullptr, nullptr, 0);
  std::vector<uint8_t> same(9, 200);
  equalize_histogram(same.data(), same.data(), 9);
  CHECK(same == std::vector<uint8_t>(9, 200));
  std::vector<uint8_t> two{7, 7, 9};
  equalize_histogram(two.data(), two.data(), 3);
  CHECK(two == std::vector<uint8_t>{0, 0, 255});
}

TEST_CASE("grey of colours is OpenCV's, bit for bit, and equal channels stay") {
  for (auto& c : oracle("luma")) {
    uint32_t seed = 0;
    int64_t count = 0;
    std::string hash;
    c >> seed >> count >> hash;
    const std::vector<uint8_t> rgb = made(seed, 0, 3 * count);
    std::vector<uint8_t> grey;
    for (size_t i = 0; i < rgb.size(); i += 3) grey.push_back(static_cast<uint8_t>(math::luma(rgb[i], rgb[i + 1], rgb[i + 2])));
    CHECK(fnv(grey) == hash);
  }
  for (uint32_t v = 0; v < 65536; ++v) REQUIRE(math::luma(v, v, v) == v);
}

TEST_CASE("resizing gives the exact value, rounded once") {
  auto cases = oracle("resize");
  REQUIRE(cases.size() == 12);
  for (auto& c : cases) {
    uint32_t seed = 0;
    int64_t h = 0;
    int64_t w = 0;
    int64_t out_h = 0;
    int64_t out_w = 0;
    std::string hash;
    c >> seed >> h >> w >> out_h >> out_w >> hash;
    const std::vector<uint8_t> image = made(seed, 0, h * w);
    std::vector<uint8_t> out(static_cast<size_t>(out_h * out_w), 99);
    resize_bilinear(image.data(), h, w, out.data(), out_h, out_w);
    CAPTURE(h);
    CAPTURE(w);
    CHECK(fnv(out) == hash);
    const std::vector<double> naive = naive_resize(image, h, w, out_h, out_w);
    double worst = 0;
    for (size_t i = 0; i < out.size(); ++i) worst = std::max(worst, std::abs(naive[i] - out[i]));
    CHECK(worst <= 0.5 + 1e-9);
  }
}

TEST_CASE("the quotient without a division is exact at halves and next to them") {
  for (const int64_t side : {1, 3, 224, 512, 4096}) {
    const int64_t d = 4 * side * side;
    for (int64_t value = 0; value < 255; ++value) {
      const auto quotient = [&](int64_t n) {
        return math::byte_quotient(static_cast<double>(n), static_cast<double>(d), 1.0 / static_cast<double>(d));
      };
      REQUIRE(quotient(value * d) == value);
      REQUIRE(quotient(value * d + d / 2) == value + 1);
      REQUIRE(quotient(value * d + d / 2 - 1) == value);
    }
  }
}
