// A pixel of an augmented image: where it lies in the image, and what is there. Shared by the loader and the kernels.
#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace thorax {

// From an output pixel (x, y) back to the image: with d = (x, y) - centre - shift,
//   mirror * (c*dx + s*dy) + centre,  c*dy - s*dx + centre
struct SampleMap {
  double mirror = 1;  // or -1
  double c = 1, s = 0;
  double shift_x = 0, shift_y = 0;  // pixels
};

THORAX_HD inline float clamped(float v, float last) {
  return v < 0 ? 0 : v > last ? last : v;
}

// plane: [size,size]. Bilinear, edges clamped, rounded to a byte, halves up.
THORAX_HD inline uint8_t sample_plane(const uint8_t* plane, int64_t size, float x, float y) {
  const auto last = static_cast<float>(size - 1);
  x = clamped(x, last);
  y = clamped(y, last);
  const auto x0 = static_cast<int64_t>(x), y0 = static_cast<int64_t>(y);
  const int64_t x1 = x0 + 1 < size ? x0 + 1 : x0, y1 = y0 + 1 < size ? y0 + 1 : y0;
  const float wx = x - static_cast<float>(x0), wy = y - static_cast<float>(y0);
  const float a = plane[y0 * size + x0], b = plane[y0 * size + x1], c = plane[y1 * size + x0], d = plane[y1 * size + x1];
  const float top = a + (b - a) * wx, bottom = c + (d - c) * wx;
  return static_cast<uint8_t>(top + (bottom - top) * wy + 0.5F);
}

THORAX_HD inline uint8_t moved_pixel(const uint8_t* plane, int64_t size, const SampleMap& m, int64_t x, int64_t y) {
  const double centre = static_cast<double>(size - 1) / 2.0;
  const double dx = static_cast<double>(x) - centre - m.shift_x;
  const double dy = static_cast<double>(y) - centre - m.shift_y;
  return sample_plane(plane, size, static_cast<float>(m.mirror * (m.c * dx + m.s * dy) + centre),
                      static_cast<float>(m.c * dy - m.s * dx + centre));
}

}  // namespace thorax
