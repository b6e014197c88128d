#include "metrics/bootstrap.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "metrics/evaluation.h"
#include "metrics/operating_point.h"
#include "metrics/roc.h"
#include "tests/metrics/oracle.h"
#include "tests/metrics/random_scores.h"

using namespace thorax::metrics;
using thorax::test::random_scores;

namespace {

// The images of a replicate written out one by one, and each statistic from scratch; [4], all NaN when the class is undefined.
std::vector<double> naive(const Scores& scores, size_t c, std::optional<float> cutoff,
                          const std::vector<uint32_t>& multiplicity) {
  std::vector<float> values;
  std::vector<uint8_t> labels;
  for (size_t i = 0; i < multiplicity.size(); ++i) {
    const size_t at = i * scores.classes.size() + c;
    for (uint32_t k = 0; k < multiplicity[i] && !std::isnan(scores.labels[at]); ++k) {
      values.push_back(scores.probabilities[at]);
      labels.push_back(scores.labels[at] == 1.0F ? 1 : 0);
    }
  }
  double concordant = 0, pairs = 0;
  for (size_t p = 0; p < labels.size(); ++p) {
    for (size_t q = 0; q < labels.size(); ++q) {
      if (labels[p] != 1 || labels[q] != 0) continue;
      pairs += 1;
      concordant += values[p] > values[q] ? 1.0 : values[p] == values[q] ? 0.5 : 0.0;
    }
  }
  if (pairs == 0) return std::vector<double>(4, NAN);
  if (!cutoff) return {concordant / pairs, NAN, NAN, NAN};
  const Confusion counts = confusion(values, labels, *cutoff);
  return {concordant / pairs, counts.sensitivity().value(), counts.specificity().value(), counts.f1()};
}

void check_interval(const std::optional<Interval>& interval, std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  REQUIRE(interval.has_value() == !values.empty());
  if (values.empty()) return;
  std::sort(values.begin(), values.end());
  CHECK(interval->replicates == std::ssize(values));
  CHECK(interval->low == doctest::Approx(percentile(values, 0.025)).epsilon(1e-13));
  CHECK(interval->high == doctest::Approx(percentile(values, 0.975)).epsilon(1e-13));
}

void check_intervals(const Intervals& intervals, const std::vector<std::vector<double>>& values) {
  check_interval(intervals.auc, values[0]);
  check_interval(intervals.sensitivity, values[1]);
  check_interval(intervals.specificity, values[2]);
  check_interval(intervals.f1, values[3]);
}

bool same(const std::optional<Interval>& a, const std::optional<Interval>& b) {
  return a.has_value() == b.has_value() && (!a || (a->low == b->low && a->high == b->high && a->replicates == b->replicates));
}

bool same(const Intervals& a, const Intervals& b) {
  return same(a.auc, b.auc) && same(a.sensitivity, b.sensitivity) && same(a.specificity, b.specificity) && same(a.f1, b.f1);
}

Scores one_class(const std::vector<float>& scores, const std::vector<uint8_t>& labels) {
  return {{"A"}, std::ssize(scores), scores, std::vector<float>(labels.begin(), labels.end())};
}

}  // namespace

TEST_CASE("percentiles are numpy's") {
  const auto oracle = thorax::test::read_oracle();
  for (const auto& [fraction, expected] : oracle.percentiles) {
    CHECK(percentile(oracle.values, fraction) == doctest::Approx(expected).epsilon(1e-15));
  }
  CHECK(percentile(std::vector<double>{3.0}, 0.975) == 3.0);
}

TEST_CASE("intervals are those of scikit-learn and numpy on the same replicates") {
  for (const auto& one : thorax::test::read_oracle().cases) {
    const std::vector<std::optional<float>> cutoffs{static_cast<float>(one.one("youden"))};
    const auto result = bootstrap(one_class(one.scores(), one.labels()), cutoffs, {.replicates = 200, .seed = 5, .threads = 1});
    const Intervals& intervals = result.classes.at(0);
    const std::optional<Interval> all[] = {intervals.auc, intervals.average_precision, intervals.sensitivity,
                                           intervals.specificity, intervals.f1};
    for (size_t s = 0; s < 5; ++s) {
      REQUIRE(all[s].has_value());
      CHECK(all[s]->low == doctest::Approx(one.one("low", s)).epsilon(1e-13));
      CHECK(all[s]->high == doctest::Approx(one.one("high", s)).epsilon(1e-13));
      CHECK(all[s]->replicates == static_cast<int64_t>(one.one("used")));
    }
    CHECK(same(result.mean, intervals));
  }
}

TEST_CASE("the weighted walk equals a recomputation of every replicate") {
  // Ties, unknown labels, a class without a cut-off, one that calls all and one that calls nothing positive, a rare class.
  Scores scores = random_scores(60, 5, 12, 0.1, 3);
  const std::vector<std::optional<float>> cutoffs{0.5F, std::nullopt, 0.0F, INFINITY, 0.43F};
  for (size_t i = 0; i < 60; ++i) scores.labels[i * 5 + 4] = i < 2 ? 1.0F : 0.0F;
  const BootstrapOptions options{.replicates = 150, .seed = 9, .threads = 2};
  const Bootstrap result = bootstrap(scores, cutoffs, options);

  std::vector<std::vector<std::vector<double>>> values(6, std::vector<std::vector<double>>(4));
  std::vector<uint32_t> multiplicity(60);
  for (uint64_t replicate = 0; replicate < 150; ++replicate) {
    resample(options.seed, replicate, multiplicity);
    std::vector<double> sums(4, 0.0);
    for (size_t c = 0; c < 5; ++c) {
      const auto statistics = naive(scores, c, cutoffs[c], multiplicity);
      for (size_t s = 0; s < 4; ++s) {
        values[c][s].push_back(statistics[s]);
        if (s == 0 || c != 1) sums[s] += statistics[s];
      }
    }
    for (size_t s = 0; s < 4; ++s) values[5][s].push_back(sums[s] / (s == 0 ? 5.0 : 4.0));
  }
  for (size_t c = 0; c < 5; ++c) check_intervals(result.classes[c], values[c]);
  check_intervals(result.mean, values[5]);
  CHECK(result.classes[4].auc->replicates < 150);
  CHECK(result.mean.auc->replicates == result.classes[4].auc->replicates);
}

TEST_CASE("intervals do not depend on the number of threads, and depend on the seed") {
  const Scores scores = random_scores(101, 3, 30, 0.05, 7);
  const auto cutoffs = choose_cutoffs(scores);
  const Bootstrap one = bootstrap(scores, cutoffs, {.replicates = 333, .seed = 2, .threads = 1});
  for (const int threads : {0, 2, 3, 7, 1000}) {
    const Bootstrap more = bootstrap(scores, cutoffs, {.replicates = 333, .seed = 2, .threads = threads});
    for (size_t c = 0; c < 3; ++c) CHECK(same(one.classes[c], more.classes[c]));
    CHECK(same(one.mean, more.mean));
  }
  const Bootstrap other = bootstrap(scores, cutoffs, {.replicates = 333, .seed = 3, .threads = 2});
  CHECK_FALSE(same(one.mean, other.mean));
}

TEST_CASE("a replicate draws n images, evenly") {
  std::vector<uint32_t> multiplicity(50), sums(50, 0);
  for (uint64_t replicate = 0; replicate < 2000; ++replicate) {
    resample(1, replicate, multiplicity);
    REQUIRE(std::accumulate(multiplicity.begin(), multiplicity.end(), 0U) == 50);
    for (size_t i = 0; i < 50; ++i) sums[i] += multiplicity[i];
  }
  // Each sum is Poisson-like around 2000 with deviation 44: chi-square over 50 cells, mean 49 and deviation 10.
  double chi_square = 0;
  for (const uint32_t sum : sums) chi_square += (sum - 2000.0) * (sum - 2000.0) / 2000.0;
  CHECK(chi_square > 20);
  CHECK(chi_square < 100);
  // The variance of one multiplicity is 1 - 1/n.
  double square = 0;
  for (uint64_t replicate = 0; replicate < 2000; ++replicate) {
    resample(2, replicate, multiplicity);
    for (const uint32_t times : multiplicity) square += (times - 1.0) * (times - 1.0);
  }
  CHECK(square / 100000 == doctest::Approx(0.98).epsilon(0.03));
}

TEST_CASE("the interval has the width that theory gives") {
  // 400 positives, 30% of them found: the sensitivity's standard error is about sqrt(0.3 * 0.7 / 400) = 0.0229.
  Scores scores{{"A"}, 800, {}, {}};
  for (int i = 0; i < 800; ++i) {
    scores.probabilities.push_back(i % 10 < 3 ? 0.9F : 0.1F);
    scores.labels.push_back(i < 400 ? 1.0F : 0.0F);
  }
  const std::vector<std::optional<float>> cutoffs{0.5F};
  const auto interval = bootstrap(scores, cutoffs, {.replicates = 4000}).classes[0].sensitivity;
  REQUIRE(interval.has_value());
  CHECK(interval->low == doctest::Approx(0.3 - 1.96 * 0.0229).epsilon(0.02));
  CHECK(interval->high == doctest::Approx(0.3 + 1.96 * 0.0229).epsilon(0.02));
}

TEST_CASE("a class with one value has no interval, and no replicates give none") {
  Scores scores = random_scores(40, 2, 10, 0.0, 1);
  for (size_t i = 0; i < 40; ++i) scores.labels[i * 2 + 1] = 0.0F;
  const std::vector<std::optional<float>> cutoffs{0.5F, 0.5F};
  const Bootstrap result = bootstrap(scores, cutoffs, {.replicates = 50});
  CHECK_FALSE(result.classes[1].auc.has_value());
  CHECK_FALSE(result.classes[1].specificity.has_value());
  CHECK(same(result.mean, result.classes[0]));
  CHECK_FALSE(bootstrap(scores, cutoffs, {.replicates = 0}).mean.auc.has_value());
}

TEST_CASE("the bootstrap refuses what it cannot measure") {
  Scores scores = random_scores(10, 2, 10, 0.0, 1);
  const std::vector<std::optional<float>> one{0.5F}, nan{0.5F, NAN}, good{0.5F, 0.5F};
  CHECK_THROWS_AS(bootstrap(scores, one, {}), std::invalid_argument);
  CHECK_THROWS_AS(bootstrap(scores, nan, {}), std::invalid_argument);
  CHECK_THROWS_AS(bootstrap(scores, good, {.replicates = -1}), std::invalid_argument);
  scores.probabilities[3] = NAN;
  CHECK_THROWS_WITH_AS(bootstrap(scores, good, {}), "scores: image 1, \"class 1\": the probability is nan, expected a number",
                       std::invalid_argument);
}
