// The statistics of several processes' pixels as those of all.
#pragma once

#include <vector>

#include "tensor/stream.h"

namespace thorax {

// groups: [counts.size(),2,channels], mean and biased variance of the counts[i] pixels of each -> of all together, merged in
// their order; a group of no pixels is left out. Throws Error(machine) for more than 256 groups.
void merge_groups(const Stream& stream, const float* groups, const std::vector<int64_t>& counts, int64_t channels, float* mean,
                  float* variance);

}  // namespace thorax
