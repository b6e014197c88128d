#include "metrics/roc.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "tests/metrics/oracle.h"

using namespace thorax::metrics;

TEST_CASE("roc points and AUC are scikit-learn's") {
  for (const auto& one : thorax::test::read_oracle().cases) {
    const auto scores = one.scores();
    const auto labels = one.labels();
    CHECK(auc(scores, labels).value() == doctest::Approx(one.one("auc")).epsilon(1e-14));
    const RocCurve curve = roc(scores, labels);
    REQUIRE(curve.points.size() == one.numbers.at("thresholds").size() + 1);
    CHECK(std::isinf(curve.points[0].threshold));
    CHECK(curve.points[0].tpr == 0.0);
    CHECK(curve.points[0].fpr == 0.0);
    for (size_t i = 1; i < curve.points.size(); ++i) {
      CHECK(curve.points[i].threshold == static_cast<float>(one.one("thresholds", i - 1)));
      CHECK(curve.points[i].tpr == doctest::Approx(one.one("tpr", i - 1)).epsilon(1e-15));
      CHECK(curve.points[i].fpr == doctest::Approx(one.one("fpr", i - 1)).epsilon(1e-15));
    }
  }
}

TEST_CASE("one roc point per distinct score, ties counted half") {
  const std::vector<float> scores{0.1F, 0.4F, 0.4F, 0.8F, 0.8F, 0.8F, 0.2F, 0.2F};
  const std::vector<uint8_t> labels{0, 0, 1, 1, 0, 1, 0, 1};
  CHECK(auc(scores, labels) == 0.6875);
  const RocCurve curve = roc(scores, labels);
  const std::vector<double> fpr{0, 0.25, 0.5, 0.75, 1}, tpr{0, 0.5, 0.75, 1, 1};
  REQUIRE(curve.points.size() == 5);
  for (size_t i = 0; i < 5; ++i) {
    CHECK(curve.points[i].fpr == fpr[i]);
    CHECK(curve.points[i].tpr == tpr[i]);
  }
}

TEST_CASE("AUC of known small sets") {
  const std::vector<uint8_t> labels{0, 0, 0, 1, 1, 0, 1, 1, 0, 1};
  const std::vector<float> first{0.1F, 0.2F, 0.2F, 0.2F, 0.8F, 0.5F, 0.5F, 0.9F, 0.7F, 0.3F};
  const std::vector<float> second{0.3F, 0.1F, 0.4F, 0.35F, 0.6F, 0.2F, 0.9F, 0.7F, 0.8F, 0.45F};
  CHECK(auc(first, labels).value() == doctest::Approx(0.74).epsilon(1e-15));
  CHECK(auc(second, labels).value() == doctest::Approx(0.80).epsilon(1e-15));
  CHECK(auc(std::vector<float>(10, 0.5F), labels) == 0.5);
  const std::vector<float> perfect(labels.begin(), labels.end());
  CHECK(auc(perfect, labels) == 1.0);
}

TEST_CASE("no curve and no AUC when the labels have one value") {
  const std::vector<float> scores{0.1F, 0.2F};
  for (const uint8_t value : {uint8_t{0}, uint8_t{1}}) {
    const std::vector<uint8_t> labels{value, value};
    CHECK_FALSE(auc(scores, labels).has_value());
    CHECK(roc(scores, labels).points.empty());
  }
  CHECK_FALSE(auc(std::span<const float>{}, std::span<const uint8_t>{}).has_value());
}

TEST_CASE("roc refuses NaN, infinite scores, other labels and other sizes") {
  const std::vector<uint8_t> labels{0, 1};
  CHECK_THROWS_WITH_AS(auc(std::vector<float>{0.1F, NAN}, labels), "roc: score 1 is nan, expected a number",
                       std::invalid_argument);
  CHECK_THROWS_AS(auc(std::vector<float>{INFINITY, 0.1F}, labels), std::invalid_argument);
  CHECK_THROWS_WITH_AS(auc(std::vector<float>{0.1F, 0.2F}, std::vector<uint8_t>{0, 2}), "roc: label 1 is 2, expected 0 or 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(auc(std::vector<float>{0.1F}, labels), "roc: 1 scores, 2 labels", std::invalid_argument);
}
