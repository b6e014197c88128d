#include "metrics/roc.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

namespace thorax::metrics {
namespace {

void check(std::span<const float> scores, std::span<const uint8_t> labels) {
  if (scores.size() != labels.size()) {
    throw std::invalid_argument("roc: " + std::to_string(scores.size()) + " scores, " + std::to_string(labels.size()) +
                                " labels");
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!std::isfinite(scores[i])) {
      throw std::invalid_argument("roc: score " + std::to_string(i) + " is " + std::to_string(scores[i]) + ", expected a number");
    }
    if (labels[i] > 1) {
      throw std::invalid_argument("roc: label " + std::to_string(i) + " is " + std::to_string(labels[i]) + ", expected 0 or 1");
    }
  }
}

}  // namespace

RocCurve roc(std::span<const float> scores, std::span<const uint8_t> labels) {
  check(scores, labels);
  RocCurve curve;
  curve.positives = std::accumulate(labels.begin(), labels.end(), int64_t{0});
  curve.negatives = std::ssize(labels) - curve.positives;
  if (curve.positives == 0 || curve.negatives == 0) return curve;

  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });

  curve.points.push_back({std::numeric_limits<float>::infinity(), 0, 0, 0.0, 0.0});
  int64_t tp = 0, fp = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const float score = scores[order[i]];
    (labels[order[i]] != 0 ? tp : fp) += 1;
    const bool last_of_its_score = i + 1 == order.size() || scores[order[i + 1]] != score;
    if (last_of_its_score) {
      curve.points.push_back({score, tp, fp, static_cast<double>(tp) / static_cast<double>(curve.positives),
                              static_cast<double>(fp) / static_cast<double>(curve.negatives)});
    }
  }
  return curve;
}

std::optional<double> auc(const RocCurve& curve) {
  if (curve.points.empty()) return std::nullopt;
  int64_t doubled = 0;  // twice the area, in units of one pair
  for (size_t i = 1; i < curve.points.size(); ++i) {
    const RocPoint& left = curve.points[i - 1];
    const RocPoint& right = curve.points[i];
    doubled += (right.fp - left.fp) * (right.tp + left.tp);
  }
  return static_cast<double>(doubled) / (2.0 * static_cast<double>(curve.positives) * static_cast<double>(curve.negatives));
}

std::optional<double> auc(std::span<const float> scores, std::span<const uint8_t> labels) {
  return auc(roc(scores, labels));
}

std::optional<double> average_precision(const RocCurve& curve) {
  if (curve.points.empty()) return std::nullopt;
  double sum = 0;
  for (size_t i = 1; i < curve.points.size(); ++i) {
    const RocPoint& point = curve.points[i];
    const auto found = static_cast<double>(point.tp - curve.points[i - 1].tp);
    sum += found * (static_cast<double>(point.tp) / static_cast<double>(point.tp + point.fp));
  }
  return sum / static_cast<double>(curve.positives);
}

}  // namespace thorax::metrics
