// The receiver operating characteristic of one class and the area under it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace thorax::metrics {

// What the rule "positive where score >= threshold" does. Counts are kept beside the rates, so that rates can be compared
// exactly.
struct RocPoint {
  float threshold;
  int64_t tp, fp;
  double tpr, fpr;
};

struct RocCurve {
  int64_t positives = 0, negatives = 0;
  // First the rule that calls nothing positive (threshold +inf, rates 0), then one point per distinct score, highest first; the
  // last is (1, 1). Empty when the labels have one value only: then there is no curve.
  std::vector<RocPoint> points;
};

// scores: [n], finite; labels: [n], 0 or 1. Throws std::invalid_argument for anything else.
RocCurve roc(std::span<const float> scores, std::span<const uint8_t> labels);

// (concordant pairs + tied pairs / 2) / (positives * negatives): the Mann-Whitney statistic by midranks, which is the area of
// the trapezoids under the curve (Hanley & McNeil 1982). Counted in integers and divided once. nullopt without a curve.
std::optional<double> auc(const RocCurve& curve);
std::optional<double> auc(std::span<const float> scores, std::span<const uint8_t> labels);

// The sum over the distinct scores, highest first, of the recall that each adds times the precision at it, without interpolation,
// as scikit-learn has it. nullopt without a curve.
std::optional<double> average_precision(const RocCurve& curve);

}  // namespace thorax::metrics
