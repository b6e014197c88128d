#include "metrics/evaluation.h"

#include <chrono>
#include <stdexcept>

#include "metrics/operating_point.h"
#include "metrics/roc.h"

namespace thorax::metrics {
namespace {

ClassEvaluation evaluate_class(const Scores& test, size_t c, std::optional<float> cutoff, const Intervals& intervals) {
  const KnownScores known = known_scores(test, c);
  ClassEvaluation result;
  result.name = test.classes[c];
  result.n_known = std::ssize(known.labels);
  result.n_positive = known.positives;
  result.cutoff = cutoff;
  if (!result.is_defined()) return result;
  const RocCurve curve = roc(known.scores, known.labels);
  result.auc = Estimate{auc(curve).value(), intervals.auc};
  result.average_precision = Estimate{average_precision(curve).value(), intervals.average_precision};
  if (!cutoff) return result;
  const Confusion counts = confusion(known.scores, known.labels, *cutoff);
  result.sensitivity = Estimate{counts.sensitivity().value(), intervals.sensitivity};
  result.specificity = Estimate{counts.specificity().value(), intervals.specificity};
  result.f1 = Estimate{counts.f1(), intervals.f1};
  return result;
}

using Member = std::optional<Estimate> ClassEvaluation::*;

std::optional<Estimate> mean_of(const std::vector<ClassEvaluation>& classes, Member member, std::optional<Interval> interval) {
  double sum = 0.0;
  int64_t count = 0;
  for (const ClassEvaluation& one : classes) {
    if (!(one.*member)) continue;
    sum += (one.*member)->value;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return Estimate{sum / static_cast<double>(count), interval};
}

MeanEvaluation mean_of(const std::vector<ClassEvaluation>& classes, const Intervals& intervals) {
  MeanEvaluation mean;
  for (const ClassEvaluation& one : classes) {
    mean.n_auc += one.auc ? 1 : 0;
    mean.n_decisions += one.f1 ? 1 : 0;
  }
  mean.auc = mean_of(classes, &ClassEvaluation::auc, intervals.auc);
  mean.average_precision = mean_of(classes, &ClassEvaluation::average_precision, intervals.average_precision);
  mean.sensitivity = mean_of(classes, &ClassEvaluation::sensitivity, intervals.sensitivity);
  mean.specificity = mean_of(classes, &ClassEvaluation::specificity, intervals.specificity);
  mean.f1 = mean_of(classes, &ClassEvaluation::f1, intervals.f1);
  return mean;
}

}  // namespace

std::vector<std::optional<float>> choose_cutoffs(const Scores& validation, const CutoffPolicy& policy) {
  validation.check();
  std::vector<std::optional<float>> cutoffs;
  for (size_t c = 0; c < validation.classes.size(); ++c) {
    const KnownScores known = known_scores(validation, c);
    const auto point = operating_point(known.scores, known.labels, policy);
    cutoffs.push_back(point ? std::optional(point->threshold) : std::nullopt);
  }
  return cutoffs;
}

Evaluation evaluate(const Scores& test, std::span<const std::optional<float>> cutoffs, const BootstrapOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const Bootstrap intervals = bootstrap(test, cutoffs, options);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;

  Evaluation result;
  result.n = test.n;
  result.replicates = options.replicates;
  result.seed = options.seed;
  result.bootstrap_seconds = taken.count();
  for (size_t c = 0; c < test.classes.size(); ++c) {
    result.classes.push_back(evaluate_class(test, c, cutoffs[c], intervals.classes[c]));
  }
  result.mean = mean_of(result.classes, intervals.mean);
  return result;
}

Evaluation evaluate(const Scores& test, const Scores& validation, const BootstrapOptions& options) {
  if (test.classes != validation.classes) throw std::invalid_argument("evaluate: test and validation have different classes");
  return evaluate(test, choose_cutoffs(validation), options);
}

}  // namespace thorax::metrics
