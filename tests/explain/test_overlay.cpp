#include "explain/overlay.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "data/stb.h"
#include "tensor/error.h"

using namespace thorax;
using namespace thorax::explain;

namespace {

constexpr int64_t width = 200, height = 160;

std::vector<uint8_t> grey() {
  std::vector<uint8_t> pixels(width * height);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i % 251);
  return pixels;
}

Picture picture(const std::vector<float>& map, const OverlayStyle& style, const OverlayBoxes& boxes = {}) {
  return overlay_picture(grey(), map, width, height, {"Pneumonia", 0.884F, 0.312F}, boxes, style);
}

std::array<int, 3> pixel(Picture& p, int64_t x, int64_t y) {
  return {p.at(x, y)[0], p.at(x, y)[1], p.at(x, y)[2]};
}

}  // namespace

TEST_CASE("overlay: every letter has ink of its own") {
  std::set<std::string> seen;
  for (char c = ' '; c <= '~'; ++c) {
    std::string ink;
    for (int64_t y = 0; y < 7; ++y)
      for (int64_t x = 0; x < 5; ++x) ink += has_ink(c, x, y) ? '#' : '.';
    CAPTURE(c);
    CHECK(seen.insert(ink).second);
    CHECK((ink.find('#') == std::string::npos) == (c == ' '));
  }
  CHECK(has_ink('\xC3', 1, 0) == has_ink('?', 1, 0));
}

TEST_CASE("overlay: viridis and inferno grow lighter all the way, jet does not") {
  const auto luminance = [](Colormap map, float value) {
    const auto c = color_of(map, value);
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
  };
  for (int i = 1; i <= 100; ++i) {
    const float value = static_cast<float>(i) / 100.0F;
    CHECK(luminance(Colormap::viridis, value) > luminance(Colormap::viridis, value - 0.01F));
    CHECK(luminance(Colormap::inferno, value) > luminance(Colormap::inferno, value - 0.01F));
  }
  CHECK(luminance(Colormap::jet, 1) < luminance(Colormap::jet, 0.5F));
  CHECK(color_of(Colormap::jet, 7) == color_of(Colormap::jet, 1));
  CHECK(color_of(Colormap::jet, -7) == color_of(Colormap::jet, 0));
  CHECK(colormap_of("viridis") == Colormap::viridis);
  CHECK(!colormap_of("rainbow"));
}

TEST_CASE("overlay: the radiograph shows where the map is low, the colour where it is high") {
  std::vector<float> map(width * height, 0.0F);
  map[100 * width + 100] = 1;
  Picture p = picture(map, {Colormap::jet, 1.0F, true});
  CHECK(p.width == width);
  CHECK(p.height == height);
  CHECK(pixel(p, 99, 100) == std::array{(100 * 200 + 99) % 251, (100 * 200 + 99) % 251, (100 * 200 + 99) % 251});
  CHECK(pixel(p, 100, 100) == std::array{0x80, 0, 0});
  Picture flat = picture(map, {Colormap::jet, 1.0F, false});
  CHECK(pixel(flat, 99, 100) == std::array{0, 0, 0x80});
  Picture none = picture(map, {Colormap::jet, 0.0F, false});
  CHECK(pixel(none, 100, 100) == std::array{(100 * 200 + 100) % 251, (100 * 200 + 100) % 251, (100 * 200 + 100) % 251});
}

TEST_CASE("overlay: boxes lie where they are said to, the truth's solid and the found one dashed") {
  const std::vector<float> map(width * height, 0.0F);
  Picture p = picture(map, {}, {{{"", 60, 50, 40, 30}}, {}});
  for (int64_t x = 60; x < 100; ++x) CHECK(pixel(p, x, 50) == std::array{255, 255, 255});
  CHECK(pixel(p, 99, 79) == std::array{255, 255, 255});
  CHECK(pixel(p, 100, 80) != std::array{255, 255, 255});
  Picture dashed = picture(map, {}, {{}, data::Box{"", 60, 50, 40, 30}});
  CHECK(pixel(dashed, 60, 50) == std::array{255, 255, 255});
  CHECK(pixel(dashed, 67, 50) != std::array{255, 255, 255});
  // One that leads out of the picture is drawn as far as it lies in it.
  picture(map, {}, {{{"", -10, -10, 1000, 1000}}, data::Box{"", 190, 150, 50, 50}});
}

TEST_CASE("overlay: as PNG it is the same picture, smaller it keeps its shape") {
  std::vector<float> map(width * height, 0.7F);
  const Picture p = picture(map, {});
  data::stb::Pixels pixels;
  const std::vector<uint8_t> png = png_of(p);
  REQUIRE(data::stb::decode(png, false, pixels).empty());
  CHECK(pixels.channels == 3);
  REQUIRE(pixels.width == width);
  REQUIRE(pixels.height == height);
  CHECK(std::equal(p.rgb.begin(), p.rgb.end(), static_cast<const uint8_t*>(pixels.data.get())));
  const Picture small = reduced(p, 50);
  CHECK(small.width == 50);
  CHECK(small.height == 40);
  CHECK(small.rgb.size() == 50 * 40 * 3);
  CHECK(reduced(p, 200).rgb == p.rgb);
}

TEST_CASE("overlay: text and a matrix of one pixel, and sizes that differ") {
  CHECK(overlay_picture({7}, {0.5F}, 1, 1, {"A long name", 0.5F, {}}, {}, {}).rgb.size() == 3);
  CHECK_THROWS_AS(overlay_picture({7, 8}, {0.5F}, 1, 1, {"A", 0.5F, {}}, {}, {}), Error);
}
