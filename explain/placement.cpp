#include "explain/placement.h"

#include <algorithm>
#include <cmath>

namespace thorax::explain {

namespace {

// The two cells between whose centres a pixel lies, and the weight of the second.
struct Between {
  int64_t low, high;
  float weight;
};

// Of `pixels` pixels of the original, which fill [first, first + length) of a side of `size` pixels that `cells` cells cover.
std::vector<Between> between(int64_t pixels, int64_t first, int64_t length, int64_t size, int64_t cells) {
  std::vector<Between> all;
  all.reserve(static_cast<size_t>(pixels));
  for (int64_t i = 0; i < pixels; ++i) {
    const double in_square =
        static_cast<double>(first) + (static_cast<double>(i) + 0.5) * static_cast<double>(length) / static_cast<double>(pixels);
    const double last = static_cast<double>(cells - 1);
    const double at = std::clamp(in_square * static_cast<double>(cells) / static_cast<double>(size) - 0.5, 0.0, last);
    const auto low = static_cast<int64_t>(at);
    all.push_back({low, std::min(low + 1, cells - 1), static_cast<float>(at - static_cast<double>(low))});
  }
  return all;
}

float mix(float a, float b, float weight) {
  return a + (b - a) * weight;
}

}  // namespace

std::vector<float> on_original(const float* map, int64_t map_height, int64_t map_width, const data::Recipe& recipe,
                               int64_t height, int64_t width) {
  const data::Placed at = data::placed(height, width, recipe);
  const std::vector<Between> columns = between(width, at.left, at.width, recipe.size, map_width);
  const std::vector<Between> rows = between(height, at.top, at.height, recipe.size, map_height);
  std::vector<float> wide(static_cast<size_t>(map_height * width));
  for (int64_t y = 0; y < map_height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      const Between& c = columns[static_cast<size_t>(x)];
      wide[static_cast<size_t>(y * width + x)] = mix(map[y * map_width + c.low], map[y * map_width + c.high], c.weight);
    }
  std::vector<float> out(static_cast<size_t>(height * width));
  for (int64_t y = 0; y < height; ++y) {
    const Between& r = rows[static_cast<size_t>(y)];
    const float* low = wide.data() + r.low * width;
    const float* high = wide.data() + r.high * width;
    float* to = out.data() + y * width;
    for (int64_t x = 0; x < width; ++x) to[x] = mix(low[x], high[x], r.weight);
  }
  return out;
}

void normalise(std::vector<float>& map, float scale) {
  if (!(scale > 0)) return;
  for (float& v : map) v = std::min(1.0F, v / scale);
}

Point peak_of(const std::vector<float>& map, int64_t width) {
  const float most = *std::max_element(map.begin(), map.end());
  double x = 0;
  double y = 0;
  double count = 0;
  for (size_t i = 0; i < map.size(); ++i) {
    if (map[i] != most) continue;
    x += static_cast<double>(static_cast<int64_t>(i) % width);
    const int64_t row = static_cast<int64_t>(i) / width;
    y += static_cast<double>(row);
    ++count;
  }
  return {static_cast<float>(x / count), static_cast<float>(y / count)};
}

namespace {

// A connected region while it is walked.
struct Region {
  int64_t count = 0;
  int64_t left, top, right, bottom;
};

// Walks all that is connected with `first` and takes it away from `open`.
Region walk(std::vector<uint8_t>& open, int64_t width, int64_t height, int64_t first, std::vector<int64_t>& stack) {
  Region region{0, first % width, first / width, first % width, first / width};
  open[static_cast<size_t>(first)] = 0;
  stack.assign(1, first);
  while (!stack.empty()) {
    const int64_t at = stack.back();
    stack.pop_back();
    const int64_t x = at % width;
    const int64_t y = at / width;
    ++region.count;
    region = {region.count, std::min(region.left, x), std::min(region.top, y), std::max(region.right, x),
              std::max(region.bottom, y)};
    for (int64_t row = std::max<int64_t>(0, y - 1); row <= std::min(height - 1, y + 1); ++row)
      for (int64_t column = std::max<int64_t>(0, x - 1); column <= std::min(width - 1, x + 1); ++column) {
        uint8_t& is_open = open[static_cast<size_t>(row * width + column)];
        if (is_open == 0) continue;
        is_open = 0;
        stack.push_back(row * width + column);
      }
  }
  return region;
}

}  // namespace

std::optional<data::Box> box_of(const std::vector<float>& map, int64_t width, float threshold) {
  const auto height = static_cast<int64_t>(map.size()) / width;
  std::vector<uint8_t> open(map.size());
  std::transform(map.begin(), map.end(), open.begin(), [&](float v) { return static_cast<uint8_t>(v >= threshold ? 1 : 0); });
  std::vector<int64_t> stack;
  Region largest{};
  for (int64_t i = 0; i < width * height; ++i) {
    if (open[static_cast<size_t>(i)] == 0) continue;
    const Region region = walk(open, width, height, i, stack);
    if (region.count > largest.count) largest = region;
  }
  if (largest.count == 0) return std::nullopt;
  return data::Box{{},
                   static_cast<float>(largest.left),
                   static_cast<float>(largest.top),
                   static_cast<float>(largest.right - largest.left + 1),
                   static_cast<float>(largest.bottom - largest.top + 1)};
}

}  // namespace thorax::explain
