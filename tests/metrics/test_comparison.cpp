#include "metrics/comparison.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "metrics/normal.h"
#include "metrics/roc.h"
#include "tests/metrics/random_scores.h"

using namespace thorax::metrics;
using thorax::test::random_scores;

TEST_CASE("delong: the published example") {
  // The example of the fast algorithm's reference program (roc_comparison).
  const std::vector<uint8_t> labels{0, 0, 0, 1, 1, 0, 1, 1, 0, 1};
  const std::vector<float> a{0.1F, 0.2F, 0.2F, 0.2F, 0.8F, 0.5F, 0.5F, 0.9F, 0.7F, 0.3F};
  const std::vector<float> b{0.3F, 0.1F, 0.4F, 0.35F, 0.6F, 0.2F, 0.9F, 0.7F, 0.8F, 0.45F};
  const auto r = delong(a, b, labels);
  REQUIRE(r);
  CHECK(r->a == doctest::Approx(0.74).epsilon(1e-14));
  CHECK(r->b == doctest::Approx(0.80).epsilon(1e-14));
  CHECK(r->var_a == doctest::Approx(0.0282).epsilon(1e-12));
  CHECK(r->var_b == doctest::Approx(0.028).epsilon(1e-12));
  CHECK(r->cov == doctest::Approx(0.015).epsilon(1e-12));
  CHECK(std::log10(*r->p) == doctest::Approx(-0.14820678).epsilon(1e-7));
  const double half = normal_quantile(0.975) * std::sqrt(0.0282 + 0.028 - 0.03);
  CHECK(*r->low == doctest::Approx(-0.06 - half).epsilon(1e-12));
  CHECK(*r->high == doctest::Approx(-0.06 + half).epsilon(1e-12));
}

TEST_CASE("delong: a model against itself, and what has too few images") {
  const std::vector<float> s{0.1F, 0.4F, 0.35F, 0.8F};
  const auto same = delong(s, s, std::vector<uint8_t>{0, 0, 1, 1});
  REQUIRE(same);
  CHECK(same->difference == 0);
  CHECK(same->p == 1.0);
  CHECK_FALSE(same->low);
  CHECK_FALSE(delong(s, s, std::vector<uint8_t>{0, 0, 0, 1}));
  // Right everywhere against wrong everywhere: different, but without any variance to say how sure that is.
  const std::vector<float> right{1, 2, 3, 4}, wrong{4, 3, 2, 1};
  const auto opposite = delong(right, wrong, std::vector<uint8_t>{0, 0, 1, 1});
  CHECK(opposite->difference == 1);
  CHECK_FALSE(opposite->p);
}

TEST_CASE("normal distribution: known values") {
  CHECK(normal_quantile(0.975) == doctest::Approx(1.959963984540054).epsilon(1e-14));
  CHECK(normal_quantile(1e-10) == doctest::Approx(-6.361340902404056).epsilon(1e-12));
  CHECK(normal_cdf(1) == doctest::Approx(0.8413447460685429).epsilon(1e-15));
  CHECK(two_sided_p(-1.959963984540054) == doctest::Approx(0.05).epsilon(1e-13));
}

TEST_CASE("compare: classes by DeLong, the mean by the paired bootstrap") {
  const Scores a = random_scores(300, 3, 50, 0.1, 1);
  Scores b = a;
  for (size_t i = 0; i < b.probabilities.size(); i += 2) b.probabilities[i] = 0.5F;  // knows only every other label
  const Comparison c = compare(a, b, {.replicates = 500, .seed = 3});
  CHECK(c.n == 300);
  CHECK(c.n_classes == 3);
  double mean = 0;
  for (size_t k = 0; k < 3; ++k) {
    const KnownScores known = known_scores(a, k);
    CHECK(c.classes[k].n_known == std::ssize(known.labels));
    CHECK(c.classes[k].auc->a == auc(known.scores, known.labels));
    mean += c.classes[k].auc->difference / 3;
  }
  CHECK(c.mean_a - c.mean_b == doctest::Approx(mean).epsilon(1e-12));
  REQUIRE(c.difference);
  CHECK(c.difference->low < mean);
  CHECK(c.difference->high > mean);
  CHECK(c.difference->replicates == 500);
  CHECK(*c.p < 0.1);
  const Comparison itself = compare(a, a, {.replicates = 50});
  CHECK(*itself.p == 1.0);
  CHECK(itself.difference->high == 0);
  const Comparison again = compare(a, b, {.replicates = 500, .seed = 3, .threads = 1});
  CHECK(again.difference->low == c.difference->low);
  Scores other = a;
  other.classes[0] = "else";
  CHECK_THROWS_WITH_AS(compare(a, other, {}), "compare: the two are not of the same images and classes", std::invalid_argument);
}
