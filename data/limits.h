// The largest files and images that are read; every format asks here before memory is taken.
#pragma once

#include <cstddef>
#include <cstdint>

#include "data/refuse.h"

namespace thorax::data {

constexpr size_t largest_file = size_t{512} << 20;
constexpr int64_t longest_side = 16384;
constexpr int64_t most_pixels = int64_t{1} << 26;
// A deflated DICOM data set: 16 bits for each of the most pixels, and as much again for what else there is.
constexpr size_t most_inflated = size_t{256} << 20;

inline void check_size(int64_t width, int64_t height) {
  if (width > longest_side || height > longest_side || width * height > most_pixels) {
    refuse(width, "x", height, " pixels; at most 16,384 a side and 67,108,864 in all are allowed");
  }
}

}  // namespace thorax::data
