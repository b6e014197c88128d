// What a JPEG-LS scan has learnt of its pixels: per kind of surroundings, how large prediction errors were (T.87 A.2, A.6, A.7).
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>

namespace thorax::data {

// The least k with n << k >= a. An error is at most 2^15 in size, and so is a / n: k is at most 15, or 16 behind a run, where
// n / 2 is added to a.
inline int golomb_parameter(uint32_t a, uint32_t n) {
  const int k = std::max(0, static_cast<int>(std::bit_width(a)) - static_cast<int>(std::bit_width(n)));
  return k + static_cast<int>(n << k < a);
}

// In 16 bytes. What the next pixel here needs, k and flip, is computed when the last one is known: that is off the chain of one
// pixel waiting for the one before.
struct JpegLsContext {
  uint32_t a = 0;    // sum of the errors' sizes
  int32_t b = 0;     // their sum, since the last correction
  int16_t c = 0;     // correction of the prediction
  uint16_t n = 1;    // how many
  uint16_t k = 0;    // Golomb parameter
  int16_t flip = 0;  // -1: errors are coded as their complement (A.5.2)

  // Without branches, which would be guessed wrong: where the sums go is as random as the noise of the image.
  template <bool lossless>
  void update(int32_t error, int32_t step, int32_t reset) {
    const int halve = n == reset ? 1 : 0;
    const int32_t count = (n >> halve) + 1;
    const uint32_t sizes = (a + static_cast<uint32_t>(std::abs(error))) >> halve;
    const int32_t sum = (b + error * step) >> halve;
    const int32_t down = sum <= -count ? 1 : 0;
    const int32_t up = sum > 0 ? 1 : 0;
    const int32_t corrected = std::clamp(sum + (count & -down) - (count & -up), 1 - count, 0);
    c = static_cast<int16_t>(std::clamp(c + up - down, -128, 127));
    k = static_cast<uint16_t>(golomb_parameter(sizes, static_cast<uint32_t>(count)));
    if constexpr (lossless) flip = static_cast<int16_t>(-static_cast<int>(k == 0 && 2 * corrected <= -count));
    a = sizes;
    b = corrected;
    n = static_cast<uint16_t>(count);
  }
};

// Behind a run.
struct JpegLsRunContext {
  uint32_t a = 0, n = 1, negative = 0;

  void update(uint32_t size, bool is_negative, uint32_t reset) {
    if (is_negative) ++negative;
    a += size;
    if (n == reset) {
      a >>= 1;
      n >>= 1;
      negative >>= 1;
    }
    ++n;
  }
};

}  // namespace thorax::data
