#include "metrics/evaluation.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "metrics/operating_point.h"
#include "metrics/roc.h"
#include "tests/metrics/random_scores.h"

using namespace thorax::metrics;
using thorax::test::random_scores;

TEST_CASE("cut-offs are chosen on validation and applied to test, unknown labels are masked") {
  const Scores validation = random_scores(80, 3, 20, 0.2, 1);
  const Scores test = random_scores(90, 3, 20, 0.2, 2);
  const Evaluation evaluation = evaluate(test, validation, {.replicates = 100, .seed = 4});
  CHECK(evaluation.n == 90);
  CHECK(evaluation.replicates == 100);
  CHECK(evaluation.seed == 4);
  double sum_auc = 0, sum_f1 = 0;
  for (size_t c = 0; c < 3; ++c) {
    const ClassEvaluation& one = evaluation.classes[c];
    const KnownScores known = known_scores(test, c), chosen_on = known_scores(validation, c);
    CHECK(known.labels.size() < 90);
    CHECK(one.n_known == std::ssize(known.labels));
    CHECK(one.n_positive == known.positives);
    CHECK(one.cutoff == youden(chosen_on.scores, chosen_on.labels)->threshold);
    const Confusion counts = confusion(known.scores, known.labels, *one.cutoff);
    CHECK(one.auc->value == auc(known.scores, known.labels));
    CHECK(one.sensitivity->value == counts.sensitivity());
    CHECK(one.specificity->value == counts.specificity());
    CHECK(one.f1->value == counts.f1());
    for (const auto* estimate : {&one.auc, &one.sensitivity, &one.specificity, &one.f1}) {
      REQUIRE((*estimate)->interval.has_value());
      CHECK((*estimate)->interval->low <= (*estimate)->value);
      CHECK((*estimate)->interval->high >= (*estimate)->value);
      CHECK((*estimate)->interval->low >= 0.0);
      CHECK((*estimate)->interval->high <= 1.0);
    }
    sum_auc += one.auc->value;
    sum_f1 += one.f1->value;
  }
  CHECK(evaluation.mean.n_auc == 3);
  CHECK(evaluation.mean.auc->value == doctest::Approx(sum_auc / 3).epsilon(1e-15));
  CHECK(evaluation.mean.f1->value == doctest::Approx(sum_f1 / 3).epsilon(1e-15));
}

TEST_CASE("the mean is taken over the defined classes") {
  Scores validation = random_scores(60, 4, 20, 0.0, 1);
  Scores test = random_scores(60, 4, 20, 0.0, 2);
  for (size_t i = 0; i < 60; ++i) {
    test.labels[i * 4 + 1] = 0.0F;        // one value on test
    test.labels[i * 4 + 2] = NAN;         // nothing known on test
    validation.labels[i * 4 + 3] = 1.0F;  // one value on validation: no cut-off
  }
  const Evaluation evaluation = evaluate(test, validation, {.replicates = 20});
  CHECK(evaluation.classes[0].is_defined());
  CHECK_FALSE(evaluation.classes[1].is_defined());
  CHECK_FALSE(evaluation.classes[1].auc.has_value());
  CHECK_FALSE(evaluation.classes[1].specificity.has_value());
  CHECK_FALSE(evaluation.classes[2].is_defined());
  CHECK(evaluation.classes[2].n_known == 0);
  CHECK(evaluation.classes[3].is_defined());
  CHECK_FALSE(evaluation.classes[3].cutoff.has_value());
  CHECK_FALSE(evaluation.classes[3].f1.has_value());
  CHECK(evaluation.mean.n_auc == 2);
  CHECK(evaluation.mean.n_decisions == 1);
  CHECK(evaluation.mean.auc->value == (evaluation.classes[0].auc->value + evaluation.classes[3].auc->value) / 2);
  CHECK(evaluation.mean.f1->value == evaluation.classes[0].f1->value);
}

TEST_CASE("with no class defined there is no mean") {
  const Scores scores{{"A"}, 2, {0.1F, 0.2F}, {1.0F, 1.0F}};
  const Evaluation evaluation = evaluate(scores, scores, {.replicates = 5});
  CHECK_FALSE(evaluation.mean.auc.has_value());
  CHECK_FALSE(evaluation.mean.f1.has_value());
  const Scores none{{"A"}, 0, {}, {}};
  CHECK_FALSE(evaluate(none, scores, {.replicates = 5}).classes[0].is_defined());
}

TEST_CASE("a score worse than chance on validation calls nothing positive") {
  const Scores validation{{"A"}, 4, {0.1F, 0.2F, 0.3F, 0.4F}, {1.0F, 1.0F, 0.0F, 0.0F}};
  const Evaluation evaluation = evaluate(validation, validation, {.replicates = 20});
  REQUIRE(evaluation.classes[0].cutoff.has_value());
  CHECK(std::isinf(*evaluation.classes[0].cutoff));
  CHECK(evaluation.classes[0].auc->value == 0.0);
  CHECK(evaluation.classes[0].sensitivity->value == 0.0);
  CHECK(evaluation.classes[0].specificity->value == 1.0);
  CHECK(evaluation.classes[0].f1->value == 0.0);
}

TEST_CASE("an evaluation refuses broken scores by name") {
  const Scores good = random_scores(4, 2, 10, 0.0, 1);
  Scores bad = good;
  bad.labels[5] = -1.0F;
  CHECK_THROWS_WITH_AS(evaluate(bad, good, {}),
                       "scores: image 2, \"class 1\": the label is -1.000000, expected 0, 1 or NaN (unknown)",
                       std::invalid_argument);
  bad = good;
  bad.probabilities[0] = INFINITY;
  CHECK_THROWS_AS(evaluate(good, bad, {}), std::invalid_argument);
  bad = good;
  bad.labels.pop_back();
  CHECK_THROWS_AS(evaluate(bad, good, {}), std::invalid_argument);
  bad = good;
  bad.classes[0] = "other";
  CHECK_THROWS_WITH_AS(evaluate(bad, good, {}), "evaluate: test and validation have different classes", std::invalid_argument);
}
