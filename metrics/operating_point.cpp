#include "metrics/operating_point.h"

#include <cmath>
#include <stdexcept>

#include "metrics/roc.h"

namespace thorax::metrics {
namespace {

double ratio(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::optional<OperatingPoint> youden(std::span<const float> scores, std::span<const uint8_t> labels) {
  const RocCurve curve = roc(scores, labels);
  if (curve.points.empty()) return std::nullopt;
  const RocPoint* best = &curve.points.front();
  int64_t best_j = 0;
  for (const RocPoint& point : curve.points) {
    const int64_t j = point.tp * curve.negatives - point.fp * curve.positives;
    if (j > best_j) {
      best_j = j;
      best = &point;
    }
  }
  return OperatingPoint{best->threshold, ratio(best_j, curve.positives * curve.negatives), best_j > 0};
}

std::optional<double> Confusion::sensitivity() const {
  return tp + fn > 0 ? std::optional(ratio(tp, tp + fn)) : std::nullopt;
}

std::optional<double> Confusion::specificity() const {
  return tn + fp > 0 ? std::optional(ratio(tn, tn + fp)) : std::nullopt;
}

double Confusion::f1() const {
  return tp > 0 ? ratio(2 * tp, 2 * tp + fp + fn) : 0.0;
}

Confusion confusion(std::span<const float> scores, std::span<const uint8_t> labels, float threshold) {
  if (scores.size() != labels.size()) throw std::invalid_argument("confusion: as many scores as labels expected");
  Confusion counts;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i]) || labels[i] > 1) throw std::invalid_argument("confusion: a score is NaN or a label is not 0 or 1");
    const bool called = scores[i] >= threshold;
    if (labels[i] != 0) {
      (called ? counts.tp : counts.fn) += 1;
    } else {
      (called ? counts.fp : counts.tn) += 1;
    }
  }
  return counts;
}

}  // namespace thorax::metrics
