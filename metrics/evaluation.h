// How good a model is, class by class and on average: what `thorax evaluate` reports.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "metrics/bootstrap.h"
#include "metrics/operating_point.h"
#include "metrics/scores.h"

namespace thorax::metrics {

struct Estimate {
  double value;
  std::optional<Interval> interval;  // nullopt: no replicates were wanted, or none was usable
};

struct ClassEvaluation {
  std::string name;
  int64_t n_known = 0;     // test images with a known label
  int64_t n_positive = 0;  // of these
  // Positive where score >= cutoff. +inf: on validation no cut-off was better than chance, and nothing is called positive.
  // nullopt: the validation labels had one value only.
  std::optional<float> cutoff;
  std::optional<Estimate> auc, average_precision;        // nullopt unless is_defined()
  std::optional<Estimate> sensitivity, specificity, f1;  // nullopt unless is_defined() and there is a cut-off

  // False when the known test labels have one value only (or there is none): then nothing is measured for the class.
  bool is_defined() const { return n_positive > 0 && n_positive < n_known; }
};

// Unweighted means over the classes in which the quantity is defined; nullopt where there is none.
struct MeanEvaluation {
  int64_t n_auc = 0;        // classes in the mean AUC
  int64_t n_decisions = 0;  // classes in the mean sensitivity, specificity and F1
  std::optional<Estimate> auc, average_precision, sensitivity, specificity, f1;
};

struct Evaluation {
  int64_t n = 0;  // test images
  std::vector<ClassEvaluation> classes;
  MeanEvaluation mean;
  int64_t replicates = 0;
  uint64_t seed = 0;
  double bootstrap_seconds = 0.0;  // wall-clock; the only part that is not a function of the input
};

// [C]: the policy's cut-off of each class, as ClassEvaluation::cutoff has it.
std::vector<std::optional<float>> choose_cutoffs(const Scores& validation, const CutoffPolicy& policy = {});

// cutoffs: [C], chosen on other images than test's. Throws std::invalid_argument as Scores::check and bootstrap do.
Evaluation evaluate(const Scores& test, std::span<const std::optional<float>> cutoffs, const BootstrapOptions& options);

// With choose_cutoffs(validation); throws std::invalid_argument when the two do not have the same classes in the same order.
Evaluation evaluate(const Scores& test, const Scores& validation, const BootstrapOptions& options);

}  // namespace thorax::metrics
