// How a GPU shares out the pixels of an image among the partial sums of a channel: fixed runs, so that the sums have the same
// bits on every GPU.
#pragma once

#include <cstdint>

#include "kernels/host_device.h"
#include "kernels/window.h"

namespace thorax {

constexpr int64_t part_pixels = 512;

THORAX_HD inline int64_t parts_of(int64_t pixels) {
  return (pixels + part_pixels - 1) / part_pixels;
}

// The pixels of part number `part` of an image.
THORAX_HD inline Range pixels_of_part(int64_t part, int64_t pixels) {
  const int64_t end = (part + 1) * part_pixels;
  return {part * part_pixels, end < pixels ? end : pixels};
}

}  // namespace thorax
