#include "metrics/operating_point.h"

#include <cmath>
#include <stdexcept>

#include "metrics/roc.h"

namespace thorax::metrics {
namespace {

double ratio(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

int64_t youden_index(const RocCurve& curve, const RocPoint& p) {
  return p.tp * curve.negatives - p.fp * curve.positives;
}

bool keeps(int64_t part, int64_t whole, double target) {
  return static_cast<double>(part) >= target * static_cast<double>(whole);
}

// Which of two points, the second with the lower threshold, the policy prefers: true for the second.
bool prefers(const CutoffPolicy& policy, const RocCurve& curve, const RocPoint& best, const RocPoint& next) {
  switch (policy.kind) {
    case CutoffPolicy::Kind::youden: return youden_index(curve, next) > youden_index(curve, best);
    case CutoffPolicy::Kind::sensitivity: return !keeps(best.tp, curve.positives, policy.target);
    case CutoffPolicy::Kind::specificity:
      return next.tp > best.tp && keeps(curve.negatives - next.fp, curve.negatives, policy.target);
    case CutoffPolicy::Kind::f1:  // F1 = 2 TP / (TP + FP + P), compared by cross products
      return next.tp * (best.tp + best.fp + curve.positives) > best.tp * (next.tp + next.fp + curve.positives);
  }
  return false;
}

}  // namespace

std::optional<OperatingPoint> operating_point(std::span<const float> scores, std::span<const uint8_t> labels,
                                              const CutoffPolicy& policy) {
  const RocCurve curve = roc(scores, labels);
  if (curve.points.empty()) return std::nullopt;
  const RocPoint* best = &curve.points.front();
  for (const RocPoint& point : curve.points)
    if (prefers(policy, curve, *best, point)) best = &point;
  const int64_t j = youden_index(curve, *best);
  return OperatingPoint{best->threshold, ratio(j, curve.positives * curve.negatives), j > 0};
}

std::optional<OperatingPoint> youden(std::span<const float> scores, std::span<const uint8_t> labels) {
  return operating_point(scores, labels, {});
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
