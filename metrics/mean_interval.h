// The mean of what was measured once an image, with its bootstrap interval.
#pragma once

#include <optional>
#include <span>

#include "metrics/bootstrap.h"

namespace thorax::metrics {

struct Mean {
  double value = 0;
  std::optional<Interval> interval;  // nullopt: no replicates asked for
};

// values: [images], not empty. The interval: the central 95% of the means of replicates that draw images with replacement.
Mean mean_interval(std::span<const double> values, int64_t replicates, uint64_t seed);

}  // namespace thorax::metrics
