// A square pooling window and where it lies: shared by the dispatchers, the twins and the layers.
#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace thorax {

struct Window {
  int64_t kernel = 2;
  int64_t stride = 2;
  int64_t pad = 0;
};

// Windows along one side of size pixels; 0 when none fits (ceil_mode False: only whole windows, padding included).
THORAX_HD inline int64_t pooled_size(int64_t size, const Window& w) {
  const int64_t room = size + 2 * w.pad - w.kernel;
  return room < 0 ? 0 : room / w.stride + 1;
}

// [first, last)
struct Range {
  int64_t first;
  int64_t last;
};

// The pixels of a side of size pixels that window number out covers, without the padding.
THORAX_HD inline Range pixels_of_window(int64_t out, int64_t size, const Window& w) {
  const int64_t begin = out * w.stride - w.pad;
  const int64_t end = begin + w.kernel;
  return {begin < 0 ? 0 : begin, end < size ? end : size};
}

// The windows, of count, that cover a pixel: window o covers [o*stride - pad, o*stride - pad + kernel).
THORAX_HD inline Range windows_of_pixel(int64_t pixel, int64_t count, const Window& w) {
  const int64_t at = pixel + w.pad;
  const int64_t first = at < w.kernel ? 0 : (at - w.kernel) / w.stride + 1;
  const int64_t last = at / w.stride + 1;
  return {first, last < count ? last : count};
}

}  // namespace thorax
