#include "metrics/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "metrics/parallel.h"
#include "metrics/sorted_class.h"

namespace thorax::metrics {
namespace {

std::vector<SortedClass> sorted_classes(const Scores& scores) {
  std::vector<SortedClass> classes;
  for (size_t k = 0; k < scores.classes.size(); ++k) {
    const KnownScores known = known_scores(scores, k);
    if (known.has_both_values()) classes.emplace_back(known, std::nullopt);
  }
  return classes;
}

// NaN where a class has one value only.
double mean_auc(const std::vector<SortedClass>& classes, std::span<const uint32_t> multiplicity) {
  double sum = 0;
  for (const SortedClass& one : classes) sum += one.weigh(multiplicity)[kAuc];
  return sum / static_cast<double>(classes.size());
}

void compare_means(const Scores& a, const Scores& b, const BootstrapOptions& options, Comparison& result) {
  const std::vector<SortedClass> of_a = sorted_classes(a), of_b = sorted_classes(b);
  result.n_classes = std::ssize(of_a);
  if (of_a.empty()) return;
  const std::vector<uint32_t> once(static_cast<size_t>(a.n), 1);
  result.mean_a = mean_auc(of_a, once);
  result.mean_b = mean_auc(of_b, once);
  const Resampler resampler(a, options.resampling);
  std::vector<double> differences(static_cast<size_t>(options.replicates));
  in_parallel(differences.size(), options.threads, [&](size_t begin, size_t end) {
    std::vector<uint32_t> multiplicity(static_cast<size_t>(a.n));
    for (size_t i = begin; i < end; ++i) {
      resampler.draw(options.seed, i, multiplicity);
      differences[i] = mean_auc(of_a, multiplicity) - mean_auc(of_b, multiplicity);
    }
  });
  std::erase_if(differences, [](double d) { return std::isnan(d); });
  if (differences.empty()) return;
  std::sort(differences.begin(), differences.end());
  result.difference = Interval{percentile(differences, 0.025), percentile(differences, 0.975), std::ssize(differences)};
  const auto not_above = std::count_if(differences.begin(), differences.end(), [](double d) { return d <= 0; });
  const auto not_below = std::count_if(differences.begin(), differences.end(), [](double d) { return d >= 0; });
  const auto count = static_cast<double>(differences.size());
  result.p = std::min(1.0, 2 * static_cast<double>(std::min(not_above, not_below) + 1) / (count + 1));
}

}  // namespace

Comparison compare(const Scores& a, const Scores& b, const BootstrapOptions& options) {
  a.check();
  b.check();
  const bool same = a.classes == b.classes && a.labels.size() == b.labels.size() &&
                    std::memcmp(a.labels.data(), b.labels.data(), a.labels.size() * sizeof(float)) == 0;
  if (!same) throw std::invalid_argument("compare: the two are not of the same images and classes");
  Comparison result;
  result.n = a.n;
  for (size_t k = 0; k < a.classes.size(); ++k) {
    const KnownScores known = known_scores(a, k);
    result.classes.push_back(
        {a.classes[k], std::ssize(known.labels), known.positives, delong(known.scores, known_scores(b, k).scores, known.labels)});
  }
  compare_means(a, b, options, result);
  return result;
}

}  // namespace thorax::metrics
