#include "metrics/operating_point.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "tests/metrics/oracle.h"

using namespace thorax::metrics;

TEST_CASE("Youden's cut-off, sensitivity, specificity and F1 are scikit-learn's") {
  for (const auto& one : thorax::test::read_oracle().cases) {
    const auto scores = one.scores();
    const auto labels = one.labels();
    const auto point = youden(scores, labels);
    REQUIRE(point.has_value());
    CHECK(point->threshold == static_cast<float>(one.one("youden", 0)));
    CHECK(point->j == doctest::Approx(one.one("youden", 1)).epsilon(1e-14));
    CHECK(point->better_than_chance);
    const Confusion counts = confusion(scores, labels, point->threshold);
    CHECK(counts.sensitivity().value() == doctest::Approx(one.one("decisions", 0)).epsilon(1e-15));
    CHECK(counts.specificity().value() == doctest::Approx(one.one("decisions", 1)).epsilon(1e-15));
    CHECK(counts.f1() == doctest::Approx(one.one("decisions", 2)).epsilon(1e-15));
  }
}

TEST_CASE("of equal Youden indices the highest threshold wins, exactly") {
  // J is 1/3 at both thresholds: 1/3 - 0 at 0.9, 3/3 - 2/3 (0.33333333333333337 in floating point) at 0.5.
  const std::vector<float> scores{0.9F, 0.5F, 0.5F, 0.5F, 0.5F, 0.1F};
  const std::vector<uint8_t> labels{1, 1, 1, 0, 0, 0};
  const auto point = youden(scores, labels);
  REQUIRE(point.has_value());
  CHECK(point->threshold == 0.9F);
  CHECK(point->j == doctest::Approx(1.0 / 3.0));
}

TEST_CASE("a score no better than chance gets an infinite cut-off and says so") {
  const std::vector<uint8_t> labels{1, 1, 0, 0};
  for (const std::vector<float>& scores : {std::vector<float>{0.1F, 0.2F, 0.3F, 0.4F}, std::vector<float>(4, 0.5F)}) {
    const auto point = youden(scores, labels);
    REQUIRE(point.has_value());
    CHECK_FALSE(point->better_than_chance);
    CHECK(std::isinf(point->threshold));
    CHECK(point->j == 0.0);
    const Confusion counts = confusion(scores, labels, point->threshold);
    CHECK(counts.sensitivity() == 0.0);
    CHECK(counts.specificity() == 1.0);
  }
}

TEST_CASE("a cut-off needs both values") {
  CHECK_FALSE(youden(std::vector<float>{0.1F, 0.2F}, std::vector<uint8_t>{1, 1}).has_value());
  CHECK_THROWS_AS(youden(std::vector<float>{NAN, 0.2F}, std::vector<uint8_t>{0, 1}), std::invalid_argument);
}

TEST_CASE("a score on the threshold is positive, undefined rates are told apart from 0") {
  const Confusion counts = confusion(std::vector<float>{0.5F, 0.4F}, std::vector<uint8_t>{0, 0}, 0.5F);
  CHECK(counts.fp == 1);
  CHECK(counts.tn == 1);
  CHECK_FALSE(counts.sensitivity().has_value());
  CHECK(counts.specificity() == 0.5);
  CHECK(counts.f1() == 0.0);
  CHECK(Confusion{}.f1() == 0.0);
  CHECK_FALSE(Confusion{}.specificity().has_value());
  CHECK_THROWS_AS(confusion(std::vector<float>{NAN}, std::vector<uint8_t>{0}, 0.5F), std::invalid_argument);
  CHECK_THROWS_AS(confusion(std::vector<float>{0.5F}, std::vector<uint8_t>{2}, 0.5F), std::invalid_argument);
  CHECK_THROWS_AS(confusion(std::vector<float>{0.5F}, std::vector<uint8_t>{}, 0.5F), std::invalid_argument);
}
