// One class, sorted once, whose measures can then be had for any weights of the images in one pass: what resampling needs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "metrics/scores.h"

namespace thorax::metrics {

enum Statistic : size_t { kAuc, kAveragePrecision, kSensitivity, kSpecificity, kF1, kStatistics };
using Statistics = std::array<double, kStatistics>;

class SortedClass {
 public:
  SortedClass(const KnownScores& known, std::optional<float> cutoff);

  // Whether the statistic is defined on the images themselves.
  bool has(size_t statistic) const { return statistic <= kAveragePrecision ? has_auc_ : has_decisions_; }

  // multiplicity: [n], of each image. NaN where the weighted images have no positive or no negative, or there is no cut-off.
  Statistics weigh(std::span<const uint32_t> multiplicity) const;

 private:
  struct Entry {
    uint32_t image;
    uint32_t label;
  };
  bool has_auc_, has_decisions_;
  std::vector<Entry> entries_;        // highest score first
  std::vector<uint32_t> group_ends_;  // one past the last entry of each distinct score
  size_t groups_called_ = 0;          // distinct scores at or above the cut-off
};

}  // namespace thorax::metrics
