// The arithmetic of preprocessing, free of exceptions and allocation, so that an embedded library can share it.
#pragma once

#include <cstdint>

namespace thorax::math {

// Grey of a colour as OpenCV's cvtColor has it (ITU-R BT.601 in 15 bits, rounded). Equal channels stay as they are. At most 16
// bits.
inline uint32_t luma(uint32_t red, uint32_t green, uint32_t blue) {
  return (9798U * red + 19235U * green + 3735U * blue + 16384U) >> 15;
}

// The table of histogram equalisation exactly as OpenCV's equalizeHist makes it: the first non-empty bin maps to 0; an image of
// one value stays as it is. histogram: counts of the 256 values, of `total` > 0 pixels in all.
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

// Where output pixel i of `out` lies among `in` input pixels, half-pixel centres, clamped to the edge: at
// (i + 1/2) in/out - 1/2 = ((2i + 1) in - out) / (2 out), a fraction of whole numbers.
struct Tap {
  int64_t low, high;
  int64_t weight;  // of high; low has 2*out - weight
};
inline Tap tap(int64_t i, int64_t in, int64_t out) {
  const int64_t at = (2 * i + 1) * in - out;
  if (at <= 0) return {0, 0, 0};
  const int64_t low = at / (2 * out);
  if (low >= in - 1) return {in - 1, in - 1, 0};
  return {low, low + 1, at - low * 2 * out};
}

// numerator / denominator to the nearest byte, halves up, without a division: exact for whole numbers with a quotient below 256
// and an even denominator below 2^40. (Nothing whole / denominator comes nearer to a whole number than 1 / denominator, so the
// added half of a numerator's unit decides every case, far above the rounding errors of double.)
inline uint8_t byte_quotient(double numerator, double denominator, double inverse) {
  return static_cast<uint8_t>(static_cast<int>((numerator + 0.5 * denominator + 0.5) * inverse));
}

// A value in [0, 255] to a byte, halves up.
inline uint8_t to_byte(float value) {
  return static_cast<uint8_t>(value + 0.5F);
}

inline float mix(float a, float b, float weight) {
  return a + (b - a) * weight;
}

}  // namespace thorax::math
