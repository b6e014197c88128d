// The arithmetic of preprocessing, free of exceptions and allocation, so that an embedded library can share it.
#pragma once

#include <cstdint>

namespace thorax::math {

// The table of histogram equalisation exactly as OpenCV's equalizeHist makes it: the first non-empty bin maps to 0; an image of one
// value stays as it is. histogram: counts of the 256 values, of `total` pixels in all.
inline void equalize_table(const int64_t* histogram, int64_t total, uint8_t* table) {
  int first = 0;
  while (first < 255 && histogram[first] == 0) ++first;
  if (histogram[first] == total) {
    for (int i = 0; i < 256; ++i) table[i] = static_cast<uint8_t>(i);
    return;
  }
  const float scale = 255.0F / static_cast<float>(total - histogram[first]);
  int64_t sum = 0;
  for (int i = 0; i <= first; ++i) table[i] = 0;
  for (int i = first + 1; i < 256; ++i) {
    sum += histogram[i];
    // Round half to even, as cvRound does; the product is below 255.5.
    const float exact = static_cast<float>(sum) * scale;
    const auto down = static_cast<int>(exact);
    const float rest = exact - static_cast<float>(down);
    const int rounded = rest > 0.5F || (rest == 0.5F && down % 2 == 1) ? down + 1 : down;
    table[i] = static_cast<uint8_t>(rounded > 255 ? 255 : rounded);
  }
}

// Where output pixel i of `out` lies among `in` input pixels: half-pixel centres, clamped to the edge.
struct Tap {
  int64_t low, high;
  float weight;  // of high
};
inline Tap tap(int64_t i, int64_t in, int64_t out) {
  double at = (static_cast<double>(i) + 0.5) * static_cast<double>(in) / static_cast<double>(out) - 0.5;
  if (at < 0) at = 0;
  auto low = static_cast<int64_t>(at);
  if (low > in - 1) low = in - 1;
  const int64_t high = low + 1 < in ? low + 1 : in - 1;
  return {low, high, static_cast<float>(at - static_cast<double>(low))};
}

// A value in [0, 255] to a byte, halves up.
inline uint8_t to_byte(float value) { return static_cast<uint8_t>(value + 0.5F); }

inline float mix(float a, float b, float weight) { return a + (b - a) * weight; }

}  // namespace thorax::math
