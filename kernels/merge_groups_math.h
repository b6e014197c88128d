// A channel's statistics out of those of groups of pixels.
#pragma once

#include "kernels/statistics_math.h"

namespace thorax {

constexpr int most_groups = 256;

// What a kernel gets by value.
struct GroupCounts {
  int64_t of[most_groups];
  int size;
};

// groups: [size,2,channels], mean and biased variance.
THORAX_HD inline Moments merged_groups(const float* groups, const GroupCounts& counts, int64_t channels, int64_t channel) {
  Moments all;
  for (int g = 0; g < counts.size; ++g) {
    if (counts.of[g] == 0) continue;
    const auto count = static_cast<double>(counts.of[g]);
    const float* at = groups + g * 2 * channels + channel;
    all = merged(all, {count, static_cast<double>(at[0]), static_cast<double>(at[channels]) * count});
  }
  return all;
}

}  // namespace thorax
