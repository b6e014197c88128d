#include "metrics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "metrics/normal.h"
#include "metrics/parallel.h"
#include "metrics/sorted_class.h"

namespace thorax::metrics {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// The value of every statistic in every replicate, for each class and (row C) for the mean over the classes.
class Table {
 public:
  Table(size_t rows, size_t replicates) : replicates_(replicates), values_(rows * kStatistics * replicates) {}
  double& at(size_t row, size_t statistic, size_t replicate) {
    return values_[(row * kStatistics + statistic) * replicates_ + replicate];
  }
  std::span<double> values(size_t row, size_t statistic) {
    return {values_.data() + (row * kStatistics + statistic) * replicates_, replicates_};
  }

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

// Values without those that are undefined, in ascending order.
std::span<double> sorted_defined(std::span<double> values) {
  const auto end = std::remove_if(values.begin(), values.end(), [](double value) { return std::isnan(value); });
  std::sort(values.begin(), end);
  return {values.begin(), end};
}

// The two fractions of the replicates between which the BCa interval lies. replicates: sorted; jackknife: defined values.
std::pair<double, double> bca_fractions(std::span<const double> replicates, double estimate, std::span<const double> jackknife) {
  const auto count = static_cast<double>(replicates.size());
  const auto [first, last] = std::equal_range(replicates.begin(), replicates.end(), estimate);
  const double below = static_cast<double>(first - replicates.begin()) + static_cast<double>(last - first) / 2;
  const double z0 = normal_quantile(std::clamp(below / count, 1 / (count + 1), count / (count + 1)));
  double mean = 0, squares = 0, cubes = 0;
  for (const double value : jackknife) mean += value / static_cast<double>(jackknife.size());
  for (const double value : jackknife) {
    const double d = mean - value;
    squares += d * d;
    cubes += d * d * d;
  }
  const double acceleration = squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0;
  const auto fraction = [&](double tail) {
    const double z = z0 + normal_quantile(tail);
    return normal_cdf(z0 + z / (1 - acceleration * z));
  };
  return {fraction(0.025), fraction(0.975)};
}

// Sorts both.
std::optional<Interval> interval(std::span<double> replicates, const double* estimate, std::span<double> jackknife) {
  const std::span<double> defined = sorted_defined(replicates);
  if (defined.empty()) return std::nullopt;
  std::pair<double, double> at{0.025, 0.975};
  if (estimate != nullptr) at = bca_fractions(defined, *estimate, sorted_defined(jackknife));
  return Interval{percentile(defined, at.first), percentile(defined, at.second), std::ssize(defined)};
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

  const Resampler resampler(scores, options.resampling);
  // fill(i, multiplicity) says how often each image counts in column i.
  const auto tabulate = [&](size_t columns, const auto& fill) {
    Table table(rows, columns);
    in_parallel(columns, options.threads, [&](size_t begin, size_t end) {
      std::vector<uint32_t> multiplicity(static_cast<size_t>(scores.n));
      for (size_t column = begin; column < end; ++column) {
        fill(column, multiplicity);
        fill_replicate(classes, multiplicity, column, table);
      }
    });
    return table;
  };
  Table table = tabulate(static_cast<size_t>(options.replicates),
                         [&](size_t i, std::span<uint32_t> to) { resampler.draw(options.seed, i, to); });
  Table estimates = tabulate(1, [](size_t, std::span<uint32_t> to) { std::fill(to.begin(), to.end(), 1U); });
  Table jackknife =
      tabulate(options.bca ? resampler.units() : 0, [&](size_t i, std::span<uint32_t> to) { resampler.leave_out(i, to); });

  std::vector<std::optional<Interval>> intervals(rows * kStatistics);
  in_parallel(intervals.size(), options.threads, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const size_t row = i / kStatistics, statistic = i % kStatistics;
      const double* estimate = options.bca ? &estimates.at(row, statistic, 0) : nullptr;
      intervals[i] = interval(table.values(row, statistic), estimate, jackknife.values(row, statistic));
    }
  });
  for (size_t row = 0; row < rows; ++row) {
    const auto* of = &intervals[row * kStatistics];
    (row < classes.size() ? result.classes[row] : result.mean) = {of[kAuc], of[kAveragePrecision], of[kSensitivity],
                                                                  of[kSpecificity], of[kF1]};
  }
  return result;
}

}  // namespace thorax::metrics
