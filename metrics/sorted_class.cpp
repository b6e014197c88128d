#include "metrics/sorted_class.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace thorax::metrics {
namespace {

double ratio(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

SortedClass::SortedClass(const KnownScores& known, std::optional<float> cutoff)
    : has_auc_(known.has_both_values()), has_decisions_(has_auc_ && cutoff.has_value()) {
  if (!has_auc_) return;
  std::vector<size_t> order(known.scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return known.scores[a] > known.scores[b]; });
  for (size_t i = 0; i < order.size(); ++i) {
    const float score = known.scores[order[i]];
    if (i > 0 && score != known.scores[order[i - 1]]) group_ends_.push_back(static_cast<uint32_t>(i));
    if (cutoff && score >= *cutoff) groups_called_ = group_ends_.size() + 1;
    entries_.push_back({known.images[order[i]], known.labels[order[i]]});
  }
  group_ends_.push_back(static_cast<uint32_t>(order.size()));
}

Statistics SortedClass::weigh(std::span<const uint32_t> multiplicity) const {
  Statistics result;
  result.fill(std::numeric_limits<double>::quiet_NaN());
  int64_t positives = 0, negatives = 0, doubled_area = 0, tp = 0, fp = 0;
  double precisions = 0;  // summed over the positives
  uint32_t i = 0;
  for (size_t group = 0; group < group_ends_.size(); ++group) {
    // Images with the same score: a negative loses against all positives above, and half against the tied ones.
    int64_t tied = 0, tied_positives = 0;
    for (; i < group_ends_[group]; ++i) {
      const int64_t weight = multiplicity[entries_[i].image];
      tied += weight;
      tied_positives += weight * entries_[i].label;
    }
    const int64_t tied_negatives = tied - tied_positives;
    doubled_area += tied_negatives * (2 * positives + tied_positives);
    positives += tied_positives;
    negatives += tied_negatives;
    if (tied_positives > 0) precisions += static_cast<double>(tied_positives) * ratio(positives, positives + negatives);
    if (group + 1 == groups_called_) tp = positives, fp = negatives;
  }
  if (positives == 0 || negatives == 0) return result;
  result[kAuc] = static_cast<double>(doubled_area) / (2.0 * static_cast<double>(positives) * static_cast<double>(negatives));
  result[kAveragePrecision] = precisions / static_cast<double>(positives);
  if (!has_decisions_) return result;
  result[kSensitivity] = ratio(tp, positives);
  result[kSpecificity] = ratio(negatives - fp, negatives);
  result[kF1] = ratio(2 * tp, tp + fp + positives);  // never 0 / 0: there is a positive
  return result;
}

}  // namespace thorax::metrics
