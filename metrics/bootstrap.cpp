#include "metrics/bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <future>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <thread>

namespace thorax::metrics {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

enum Statistic : size_t { kAuc, kSensitivity, kSpecificity, kF1, kStatistics };
using Statistics = std::array<double, kStatistics>;

double ratio(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

// One class in ascending order of its scores, ready to be weighted.
class SortedClass {
 public:
  SortedClass(const KnownScores& known, std::optional<float> cutoff)
      : has_auc_(known.has_both_values()), has_decisions_(has_auc_ && cutoff.has_value()) {
    if (!has_auc_) return;
    std::vector<size_t> order(known.scores.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return known.scores[a] < known.scores[b]; });
    for (size_t i = 0; i < order.size(); ++i) {
      const float score = known.scores[order[i]];
      if (i > 0 && score != known.scores[order[i - 1]]) group_ends_.push_back(static_cast<uint32_t>(i));
      if (cutoff && score < *cutoff) groups_below_cutoff_ = group_ends_.size() + 1;
      entries_.push_back({known.images[order[i]], known.labels[order[i]]});
    }
    group_ends_.push_back(static_cast<uint32_t>(order.size()));
  }

  bool has(size_t statistic) const { return statistic == kAuc ? has_auc_ : has_decisions_; }

  // multiplicity: [n], of each image. Undefined where the replicate has no positive or no negative of this class.
  Statistics weigh(std::span<const uint32_t> multiplicity) const {
    Statistics result;
    result.fill(kUndefined);
    int64_t positives = 0, negatives = 0, doubled_area = 0, false_negatives = 0, true_negatives = 0;
    uint32_t i = 0;
    for (size_t group = 0; group < group_ends_.size(); ++group) {
      if (group == groups_below_cutoff_) {
        false_negatives = positives;
        true_negatives = negatives;
      }
      // Images with the same score: a positive wins against all negatives below, and half against the tied ones.
      int64_t tied = 0, tied_positives = 0;
      for (; i < group_ends_[group]; ++i) {
        const int64_t weight = multiplicity[entries_[i].image];
        tied += weight;
        tied_positives += weight * entries_[i].label;
      }
      const int64_t tied_negatives = tied - tied_positives;
      doubled_area += tied_positives * (2 * negatives + tied_negatives);
      positives += tied_positives;
      negatives += tied_negatives;
    }
    if (positives == 0 || negatives == 0) return result;
    if (groups_below_cutoff_ == group_ends_.size()) {
      false_negatives = positives;
      true_negatives = negatives;
    }
    result[kAuc] = static_cast<double>(doubled_area) / (2.0 * static_cast<double>(positives) * static_cast<double>(negatives));
    if (has_decisions_) {
      const int64_t tp = positives - false_negatives;
      const int64_t fp = negatives - true_negatives;
      result[kSensitivity] = ratio(tp, positives);
      result[kSpecificity] = ratio(true_negatives, negatives);
      result[kF1] = ratio(2 * tp, 2 * tp + fp + false_negatives);  // never 0 / 0: there is a positive, found or missed
    }
    return result;
  }

 private:
  struct Entry {
    uint32_t image;
    uint32_t label;
  };
  bool has_auc_, has_decisions_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> group_ends_;  // one past the last entry of each distinct score
  size_t groups_below_cutoff_ = 0;    // distinct scores that are called negative
};

// The value of every statistic in every replicate, for each class and (row C) for the mean over the classes.
class Table {
 public:
  Table(size_t rows, size_t replicates) : replicates_(replicates), values_(rows * kStatistics * replicates) {}
  double& at(size_t row, size_t statistic, size_t replicate) {
    return values_[(row * kStatistics + statistic) * replicates_ + replicate];
  }
  std::span<double> values(size_t row, size_t statistic) { return {&at(row, statistic, 0), replicates_}; }

 private:
  size_t replicates_;
  std::vector<double> values_;
};

void fill_replicate(const std::vector<SortedClass>& classes, std::span<const uint32_t> multiplicity, size_t replicate,
                    Table& table) {
  Statistics sums{};
  std::array<int64_t, kStatistics> counts{};
  for (size_t c = 0; c < classes.size(); ++c) {
    const Statistics statistics = classes[c].weigh(multiplicity);
    for (size_t s = 0; s < kStatistics; ++s) {
      table.at(c, s, replicate) = statistics[s];
      if (!classes[c].has(s)) continue;
      sums[s] += statistics[s];  // NaN when this replicate lacks the class
      ++counts[s];
    }
  }
  for (size_t s = 0; s < kStatistics; ++s) {
    table.at(classes.size(), s, replicate) = counts[s] > 0 ? sums[s] / static_cast<double>(counts[s]) : kUndefined;
  }
}

// work(begin, end) for parts of [0, count), shared among threads; the result must not depend on the parts.
template <class Work>
void in_parallel(size_t count, int threads, const Work& work) {
  const size_t wanted = threads > 0 ? static_cast<size_t>(threads) : std::max(1U, std::thread::hardware_concurrency());
  const size_t workers = std::max<size_t>(1, std::min(wanted, count));
  std::vector<std::future<void>> others;  // which wait for their thread when they are destroyed, and hand on what it throws
  for (size_t w = 1; w < workers; ++w) {
    others.push_back(std::async(std::launch::async, [&, w] { work(count * w / workers, count * (w + 1) / workers); }));
  }
  work(0, count / workers);
  for (auto& other : others) other.get();
}

// Sorts the values.
std::optional<Interval> interval(std::span<double> values) {
  const auto end = std::remove_if(values.begin(), values.end(), [](double value) { return std::isnan(value); });
  const std::span<double> defined(values.begin(), end);
  if (defined.empty()) return std::nullopt;
  std::sort(defined.begin(), defined.end());
  return Interval{percentile(defined, 0.025), percentile(defined, 0.975), std::ssize(defined)};
}

std::vector<SortedClass> sort_classes(const Scores& scores, std::span<const std::optional<float>> cutoffs) {
  if (cutoffs.size() != scores.classes.size()) throw std::invalid_argument("bootstrap: one cut-off for each class expected");
  std::vector<SortedClass> classes;
  for (size_t c = 0; c < cutoffs.size(); ++c) {
    if (cutoffs[c] && std::isnan(*cutoffs[c])) throw std::invalid_argument("bootstrap: a cut-off is NaN");
    classes.emplace_back(known_scores(scores, c), cutoffs[c]);
  }
  return classes;
}

}  // namespace

void resample(uint64_t seed, uint64_t replicate, std::span<uint32_t> multiplicity) {
  const auto mix = [](uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31);
  };
  constexpr uint64_t kGolden = 0x9E3779B97F4A7C15U;
  std::fill(multiplicity.begin(), multiplicity.end(), 0U);
  uint64_t state = mix(mix(seed + kGolden) + (replicate + 1) * kGolden);
  for (size_t i = 0; i < multiplicity.size(); ++i) {
    state += kGolden;
    // Multiply-shift of the upper 32 bits: the bias is below n / 2^32.
    ++multiplicity[((mix(state) >> 32) * multiplicity.size()) >> 32];
  }
}

double percentile(std::span<const double> sorted, double fraction) {
  const double position = fraction * static_cast<double>(sorted.size() - 1);
  const size_t below = std::min(static_cast<size_t>(position), sorted.size() - 1);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double t = position - static_cast<double>(below);
  const double step = sorted[above] - sorted[below];
  // From the nearer end, as numpy does, so that the result never leaves the two values.
  return t < 0.5 ? sorted[below] + step * t : sorted[above] - step * (1.0 - t);
}

Bootstrap bootstrap(const Scores& scores, std::span<const std::optional<float>> cutoffs, const BootstrapOptions& options) {
  scores.check();
  if (options.replicates < 0) throw std::invalid_argument("bootstrap: a negative number of replicates");
  const std::vector<SortedClass> classes = sort_classes(scores, cutoffs);
  const size_t rows = classes.size() + 1;
  Bootstrap result;
  result.classes.resize(classes.size());
  if (options.replicates == 0 || scores.n == 0) return result;

  const auto replicates = static_cast<size_t>(options.replicates);
  Table table(rows, replicates);
  in_parallel(replicates, options.threads, [&](size_t begin, size_t end) {
    std::vector<uint32_t> multiplicity(static_cast<size_t>(scores.n));
    for (size_t replicate = begin; replicate < end; ++replicate) {
      resample(options.seed, replicate, multiplicity);
      fill_replicate(classes, multiplicity, replicate, table);
    }
  });

  std::vector<std::optional<Interval>> intervals(rows * kStatistics);
  in_parallel(intervals.size(), options.threads, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) intervals[i] = interval(table.values(i / kStatistics, i % kStatistics));
  });
  for (size_t row = 0; row < rows; ++row) {
    const auto* of = &intervals[row * kStatistics];
    (row < classes.size() ? result.classes[row] : result.mean) = {of[kAuc], of[kSensitivity], of[kSpecificity], of[kF1]};
  }
  return result;
}

}  // namespace thorax::metrics
