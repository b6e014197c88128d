// An evaluation as text: a table for people, CSV and JSON for scripts. A class that could not be measured is named in all three.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "metrics/evaluation.h"

namespace thorax {

// What was measured on what; the top of the table.
struct EvaluationHeading {
  std::string checkpoint;               // "run/best.safetensors"
  int64_t epoch = 0;                    // of the checkpoint; 0: of several
  std::string split;                    // "test"
  std::optional<int64_t> patients;      // nullopt: not known
  std::string cutoffs;                  // where they come from: "Youden on validation (609)"
  std::string resampling = "by image";  // how the bootstrap draws
};

// At most 80 columns (a path is never cut). Long class names are cut with "..." and stay distinct. n: positive images of n_known.
std::string evaluation_table(const metrics::Evaluation& evaluation, const EvaluationHeading& heading);

// A paragraph per class, and one for the mean: average precision, sensitivity, specificity and F1 with their intervals.
std::string interval_lines(const metrics::Evaluation& evaluation);

// A header line, one row per class, and a last row "mean". For m in auc, average_precision, sensitivity, specificity, f1 the
// columns m, m_low, m_high (95%) and m_replicates (in the interval); empty where undefined. images: with a known label; for the
// mean, all. Cut-off inf: nothing is called positive. note: empty, or what is undefined or left out. RFC 4180 quoting, lines end
// with "\n". group: of the images, as a first column "group"; header: with the header line.
std::string evaluation_csv(const metrics::Evaluation& evaluation, const std::optional<std::string>& group = std::nullopt,
                           bool header = true);

// One object in one line:
//   checkpoint, split, cutoffs, resampling: strings; epoch, images, seed, replicates: integers; patients: integer or null
//   classes: a list of {name, images (with a known label), positives, cutoff, auc, average_precision, sensitivity, specificity,
//   f1, note}
//   mean: {auc_classes, decision_classes (how many are in the means), auc, average_precision, sensitivity, specificity, f1, note}
// auc and the others: null where undefined, else {value, low, high, replicates}; low and high are null without an interval.
// cutoff: null where there is none, or none better than chance (then nothing is called positive). note: string or null.
std::string evaluation_json(const metrics::Evaluation& evaluation, const EvaluationHeading& heading);

// What a reader has to know about a class (or about the mean), or "".
std::string evaluation_note(const metrics::ClassEvaluation& one, int64_t replicates);
std::string mean_note(const metrics::Evaluation& evaluation);

}  // namespace thorax
