#include "apps/metrics_table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>
#include <vector>

#include "apps/console.h"
#include "apps/printable.h"
#include "tensor/error.h"

namespace thorax {
namespace {

using metrics::ClassEvaluation;
using metrics::Estimate;
using metrics::Evaluation;
using metrics::MeanEvaluation;

constexpr size_t kWidth = 80;
constexpr size_t kNumbers = 46;  // columns from the end of n to the end of F1

std::string right(const std::string& text, size_t width) {
  return std::string(width - std::min(width, columns(text)), ' ') + text;
}

// Breaks at spaces; every line after the first is indented by two.
std::string wrapped(const std::string& text) {
  std::istringstream words(text);
  std::string result, line;
  for (std::string word; words >> word;) {
    if (!line.empty() && columns(line) + 1 + columns(word) > kWidth) {
      result += line + "\n";
      line = "  " + word;
    } else {
      line += (line.empty() ? "" : " ") + word;
    }
  }
  return result + line + "\n";
}

// Two names that would be cut to the same text get their row number.
std::vector<std::string> short_names(const Evaluation& evaluation, size_t width) {
  std::vector<std::string> names;
  for (const auto& one : evaluation.classes) names.push_back(shortened(one.name, width));
  std::vector<std::string> distinct = names;
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::count(names.begin(), names.end(), names[i]) < 2) continue;
    const std::string number = " #" + std::to_string(i + 1);
    distinct[i] = shortened(names[i], width - number.size()) + number;
  }
  return distinct;
}

std::string value_or_dash(const std::optional<Estimate>& estimate) {
  return estimate ? fixed(estimate->value, 3) : "    -";
}

// AUC, interval, sensitivity, specificity, F1 of a class or of the mean.
template <class Row>
std::string numbers(const Row& row) {
  std::string auc = "undefined";
  if (row.auc) {
    auc = fixed(row.auc->value, 3);
    if (row.auc->interval) auc += "  (" + fixed(row.auc->interval->low, 3) + "-" + fixed(row.auc->interval->high, 3) + ")";
  }
  return "   " + padded(auc, 24) + value_or_dash(row.sensitivity) + "  " + value_or_dash(row.specificity) + "  " +
         value_or_dash(row.f1) + "\n";
}

// One line where it fits, else the cut-offs in a second.
std::string first_lines(const Evaluation& evaluation, const EvaluationHeading& heading) {
  const std::string patients = heading.patients ? ", " + with_commas(*heading.patients) + " patients" : "";
  const std::string what = printable(str(heading.checkpoint, heading.epoch > 0 ? str(" (epoch ", heading.epoch, ")") : "", " on ",
                                         heading.split, ": ", with_commas(evaluation.n), " images", patients));
  const std::string cutoffs = printable("cut-offs: " + heading.cutoffs);
  const bool fits = columns(what) + columns("; ") + columns(cutoffs) <= kWidth;
  return what + (fits ? "; " : "\n") + cutoffs + "\n";
}

std::string left_out(const std::optional<Estimate>& estimate, int64_t replicates) {
  if (!estimate) return {};
  const int64_t missing = replicates - (estimate->interval ? estimate->interval->replicates : 0);
  return missing > 0 ? with_commas(missing) + " of " + with_commas(replicates) + " replicates" : "";
}

}  // namespace

std::string evaluation_note(const ClassEvaluation& one, int64_t replicates) {
  if (one.n_known == 0) return "undefined: no label is known";
  if (!one.is_defined())
    return "undefined: all " + with_commas(one.n_known) + " known labels are " + (one.n_positive > 0 ? "1" : "0");
  std::string note;
  if (!one.cutoff) note = "no cut-off: the labels that it is chosen on have one value only";
  if (one.cutoff && std::isinf(*one.cutoff)) note = "no cut-off is better than chance: nothing is called positive";
  const std::string missing = left_out(one.auc, replicates);
  if (!missing.empty()) {
    note += (note.empty() ? "" : "; ") + missing + " had no positive or no negative image and are not in the intervals";
  }
  return note;
}

std::string mean_note(const Evaluation& evaluation) {
  const auto all = std::ssize(evaluation.classes);
  const MeanEvaluation& mean = evaluation.mean;
  const auto over = [&](int64_t count) { return str(count, " of ", all, " classes"); };
  std::string note;
  if (mean.n_auc < all) note = "over " + over(mean.n_auc);
  if (mean.n_decisions < mean.n_auc) {
    note += str(note.empty() ? "" : "; ", "sensitivity, specificity and F1 over ", over(mean.n_decisions));
  }
  const std::string missing = left_out(mean.auc, evaluation.replicates);
  if (!missing.empty()) {
    note +=
        (note.empty() ? "" : "; ") + missing + " had a class without a positive or a negative image and are not in the intervals";
  }
  return note;
}

std::string evaluation_table(const Evaluation& evaluation, const EvaluationHeading& heading) {
  size_t n_width = 5;
  for (const auto& one : evaluation.classes) n_width = std::max(n_width, with_commas(one.n_positive).size());
  const std::vector<std::string> names = short_names(evaluation, kWidth - kNumbers - 3 - n_width);
  size_t name_width = columns("mean");
  for (const auto& name : names) name_width = std::max(name_width, columns(name));
  name_width += 3;

  std::string text = first_lines(evaluation, heading);
  const std::string ci = evaluation.replicates > 0 ? "95% CI" : "";
  text += padded("", name_width) + right("n", n_width) + "   AUC    " + padded(ci, 17) + "sens.  spec.  F1\n";
  for (size_t c = 0; c < names.size(); ++c) {
    const ClassEvaluation& one = evaluation.classes[c];
    text += padded(names[c], name_width) + right(with_commas(one.n_positive), n_width) + numbers(one);
  }
  text += padded("mean", name_width + n_width) + numbers(evaluation.mean);

  for (const ClassEvaluation& one : evaluation.classes) {
    const std::string note = evaluation_note(one, evaluation.replicates);
    if (!note.empty()) text += wrapped("note: " + printable(one.name) + ": " + note);
  }
  const std::string note = mean_note(evaluation);
  if (!note.empty()) text += wrapped("note: mean: " + note);
  if (evaluation.replicates > 0) {
    text += str(with_commas(evaluation.replicates), " bootstrap replicates ", heading.resampling, ", seed ", evaluation.seed,
                ", ", fixed(evaluation.bootstrap_seconds, 1), " s\n");
  }
  return text;
}

namespace {

template <class Row>
std::string interval_line(const std::string& name, const Row& row) {
  std::string text;
  const auto add = [&](const char* what, const std::optional<Estimate>& estimate) {
    if (!estimate) return;
    text += str(text.empty() ? ": " : ", ", what, ' ', fixed(estimate->value, 3));
    if (estimate->interval) text += str(" (", fixed(estimate->interval->low, 3), '-', fixed(estimate->interval->high, 3), ')');
  };
  add("average precision", row.average_precision);
  add("sensitivity", row.sensitivity);
  add("specificity", row.specificity);
  add("F1", row.f1);
  return wrapped(printable(name) + (text.empty() ? ": undefined" : text));
}

}  // namespace

std::string interval_lines(const Evaluation& evaluation) {
  std::string text;
  for (const ClassEvaluation& one : evaluation.classes) text += interval_line(one.name, one);
  return text + interval_line("mean", evaluation.mean);
}

}  // namespace thorax
