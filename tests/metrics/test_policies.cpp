#include <doctest/doctest.h>

#include <cmath>

#include "metrics/calibration.h"
#include "metrics/operating_point.h"
#include "metrics/roc.h"
#include "tests/metrics/oracle.h"

using namespace thorax::metrics;
using namespace thorax::test;

using Kind = CutoffPolicy::Kind;

TEST_CASE("policies: the cut-offs of the oracle, for a sensitivity, a specificity and F1") {
  for (const OracleCase& one : read_oracle().cases) {
    CAPTURE(one.name);
    const auto scores = one.scores();
    const auto labels = one.labels();
    for (const auto& [kind, key] : {std::pair{Kind::sensitivity, "sensitivity"}, {Kind::specificity, "specificity"}}) {
      const std::vector<double>& pairs = one.all(key);
      REQUIRE(pairs.size() == 6);
      for (size_t i = 0; i < pairs.size(); i += 2) {
        const auto point = operating_point(scores, labels, {kind, pairs[i]});
        CHECK(point->threshold == static_cast<float>(pairs[i + 1]));
        const Confusion counts = confusion(scores, labels, point->threshold);
        CHECK((kind == Kind::sensitivity ? *counts.sensitivity() : *counts.specificity()) >= pairs[i]);
        CHECK(point->j == doctest::Approx(*counts.sensitivity() + *counts.specificity() - 1).epsilon(1e-12));
      }
    }
    const auto best = operating_point(scores, labels, {Kind::f1, 0});
    CHECK(best->threshold == static_cast<float>(one.one("best_f1", 0)));
    CHECK(confusion(scores, labels, best->threshold).f1() == doctest::Approx(one.one("best_f1", 1)).epsilon(1e-13));
  }
  CHECK_FALSE(operating_point(std::vector<float>{0.1F}, std::vector<uint8_t>{1}, {Kind::f1, 0}).has_value());
}

TEST_CASE("average precision: as scikit-learn has it") {
  for (const OracleCase& one : read_oracle().cases) {
    CAPTURE(one.name);
    CHECK(*average_precision(roc(one.scores(), one.labels())) == doctest::Approx(one.one("average_precision")).epsilon(1e-13));
  }
  CHECK_FALSE(average_precision(roc(std::vector<float>{0.1F}, std::vector<uint8_t>{1})).has_value());
}

TEST_CASE("calibration: temperature and Platt as scipy and scikit-learn fit them") {
  for (const OracleCase& one : read_oracle().cases) {
    CAPTURE(one.name);
    std::vector<float> logits;
    for (const float p : one.scores()) logits.push_back(logit_of(p));
    const auto temperature = fit_calibration(logits, one.labels(), CalibrationMethod::temperature);
    if (one.one("temperature") > 0) {
      REQUIRE(temperature);
      CHECK(temperature->slope == doctest::Approx(one.one("temperature")).epsilon(1e-4));
      CHECK(temperature->offset == 0);
    } else {
      CHECK_FALSE(temperature);
    }
    const auto platt = fit_calibration(logits, one.labels(), CalibrationMethod::platt);
    if (one.one("platt") > 0) {
      REQUIRE(platt);
      CHECK(platt->slope == doctest::Approx(one.one("platt", 0)).epsilon(1e-4));
      CHECK(platt->offset == doctest::Approx(one.one("platt", 1)).epsilon(1e-4));
    } else {
      CHECK_FALSE(platt);
    }
  }
}

TEST_CASE("calibration: Brier score, ECE and reliability table of the oracle") {
  for (const OracleCase& one : read_oracle().cases) {
    CAPTURE(one.name);
    const auto r = reliability(one.scores(), one.labels());
    REQUIRE(r);
    CHECK(r->brier == doctest::Approx(one.one("brier")).epsilon(1e-12));
    CHECK(r->ece == doctest::Approx(one.one("ece")).epsilon(1e-12));
    size_t used = 0;
    int64_t images = 0;
    for (const ReliabilityBin& bin : r->bins) images += bin.images;
    CHECK(images == std::ssize(one.all("scores")));
    // scikit-learn counts a probability on a boundary with the bin below; compared where no score lies on one.
    if (one.name != "60") continue;
    for (const ReliabilityBin& bin : r->bins) {
      if (bin.images == 0) continue;
      CHECK(static_cast<double>(bin.positives) / static_cast<double>(bin.images) ==
            doctest::Approx(one.one("bin_shares", used)).epsilon(1e-12));
      CHECK(bin.predicted == doctest::Approx(one.one("bin_predictions", used++)).epsilon(1e-12));
    }
    CHECK(used == one.all("bin_shares").size());
  }
  CHECK_FALSE(reliability({}, {}));
}

TEST_CASE("calibration: makes overconfident probabilities right, leaves the order as it is, refuses what says nothing") {
  Scores scores{{"A", "B"}, 400, {}, {}};
  for (int i = 0; i < 400; ++i) {
    const float p = static_cast<float>(i % 20) / 20 + 0.025F;
    const bool positive = i / 20 < static_cast<int>(20 * p);  // exactly as often as p says
    scores.probabilities.push_back(1 / (1 + std::exp(-3 * logit_of(p))));
    scores.probabilities.push_back(p);
    scores.labels.push_back(positive ? 1.0F : 0.0F);
    scores.labels.push_back(positive ? 0.0F : 1.0F);  // the opposite of what the score says
  }
  const auto fitted = fit_calibrations(scores, CalibrationMethod::temperature);
  REQUIRE(fitted[0]);
  CHECK(fitted[0]->slope == doctest::Approx(1.0 / 3).epsilon(0.03));
  CHECK_FALSE(fitted[1]);
  const Scores before = scores;
  apply_calibrations(scores, fitted);
  CHECK(scores.probabilities[1] == before.probabilities[1]);
  const KnownScores a = known_scores(before, 0), b = known_scores(scores, 0);
  CHECK(reliability(b.scores, b.labels)->ece < reliability(a.scores, a.labels)->ece / 3);
  CHECK(*auc(a.scores, a.labels) == doctest::Approx(*auc(b.scores, b.labels)).epsilon(1e-6));
  const std::vector<float> apart{-2, -1, 1, 2};
  const std::vector<uint8_t> truth{0, 0, 1, 1};
  CHECK_FALSE(fit_calibration(apart, truth, CalibrationMethod::temperature));  // the best temperature would be 0
  CHECK(fit_calibration(apart, truth, CalibrationMethod::platt)->slope > 0);
  CHECK_FALSE(fit_calibration(apart, std::vector<uint8_t>{1, 1, 1, 1}, CalibrationMethod::platt));
}
