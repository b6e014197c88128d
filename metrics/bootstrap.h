// Bootstrap intervals (Efron 1979): images or patients are drawn with replacement, all classes together, so that the correlation
// between the labels of one image is kept. Cut-offs are fixed: they were chosen on other images.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "metrics/resampling.h"
#include "metrics/scores.h"

namespace thorax::metrics {

struct BootstrapOptions {
  int64_t replicates = 10000;  // 0: no intervals
  uint64_t seed = 1;
  int threads = 0;  // 0: as many as the machine has. The result is the same, bit for bit, for any number.
  Resampling resampling{};
  // Bias-corrected and accelerated (Efron 1987), the acceleration by the jackknife over the units that are drawn; else the
  // percentiles themselves.
  bool bca = false;
};

// The central 95% of the replicates.
struct Interval {
  double low, high;
  int64_t replicates;  // that are in it; in the others a class had no positive or no negative image left
};

struct Intervals {
  std::optional<Interval> auc, average_precision, sensitivity, specificity,
      f1;  // nullopt: not defined on the images themselves, or in no replicate
};

struct Bootstrap {
  std::vector<Intervals> classes;
  // Of the mean over the classes that are defined on the images themselves. A replicate in which one of these is undefined is
  // left out: a mean over fewer classes would be another quantity.
  Intervals mean;
};

// cutoffs: [C]; nullopt: no sensitivity, specificity and F1 for that class. A class whose known labels have one value only has
// no interval at all. Each replicate costs O(n C): classes are sorted once, and replicates only change the multiplicities.
// Throws std::invalid_argument as Scores::check does, when cutoffs has another size than the classes, and for NaN cut-offs.
Bootstrap bootstrap(const Scores& scores, std::span<const std::optional<float>> cutoffs, const BootstrapOptions& options);

// sorted: ascending, not empty; fraction: 0 to 1. Linear between the two nearest, as numpy.percentile does by default.
double percentile(std::span<const double> sorted, double fraction);

}  // namespace thorax::metrics
