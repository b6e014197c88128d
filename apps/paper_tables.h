// The paper's tables and the data of its figures, as CSV.
#pragma once

#include <string>
#include <vector>

#include "apps/outcome.h"
#include "data/manifest.h"
#include "metrics/evaluation.h"
#include "metrics/roc.h"

namespace thorax {

// A line of a table, of one seed: cut-offs by Youden on the validation images.
struct MeasuredLine {
  std::string name;
  uint64_t seed = 0;
  std::optional<double> val_auc;  // mean over the classes
  metrics::Evaluation test;
  std::vector<metrics::RocCurve> curves;  // [C], of the test images; empty where there is none
};

MeasuredLine measured_line(const std::string& name, uint64_t seed, const Outcome& outcome,
                           const metrics::BootstrapOptions& bootstrap);

// Tables 2, 3 and 6. line, seed, val_auc; then of the test images, mean over the classes, auc, auc_low, auc_high (95%), and the
// same of sensitivity, specificity and f1. Empty where undefined.
std::string lines_csv(const std::vector<MeasuredLine>& lines);
// Table 5: evaluation_csv() of each, with the seed as group.
std::string classes_csv(const std::vector<MeasuredLine>& lines);
// Figure 4. class, seed, cutoff, false_positive_rate, true_positive_rate: every point of every curve.
std::string curves_csv(const std::vector<MeasuredLine>& lines);

// Table 1. class, and for train, val and test: positive, known; a first line "images".
std::string cohort_csv(const data::Manifest& manifest);
// Figure 3. class, images, share (of those with a known label): of all splits together, the most frequent first.
std::string distribution_csv(const data::Manifest& manifest);

}  // namespace thorax
