#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "apps/metrics_table.h"
#include "apps/printable.h"
#include "tensor/error.h"

namespace thorax {
namespace {

using metrics::ClassEvaluation;
using metrics::Estimate;
using metrics::Evaluation;

// The shortest text that reads back as the same number.
template <class Number>
std::string shortest(Number number) {
  std::array<char, 64> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), end.ptr};
}

std::string csv_quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

std::string csv_cells(const std::optional<Estimate>& estimate) {
  if (!estimate) return ",,,,";
  if (!estimate->interval) return "," + shortest(estimate->value) + ",,,";
  return str(",", shortest(estimate->value), ",", shortest(estimate->interval->low), ",", shortest(estimate->interval->high), ",",
             estimate->interval->replicates);
}

// Class names and paths may hold any bytes; JSON is UTF-8, so a malformed byte becomes U+FFFD.
std::string json_string(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string result = "\"";
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    if (length == 0) {
      result += "\xEF\xBF\xBD";
    } else if (byte < 0x20) {
      result += std::string("\\u00") + kHex[byte >> 4] + kHex[byte & 15];
    } else {
      if (byte == '"' || byte == '\\') result += '\\';
      result += text.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  return result + "\"";
}

std::string json_note(const std::string& note) {
  return note.empty() ? "null" : json_string(note);
}

std::string json_estimate(const std::optional<Estimate>& estimate) {
  if (!estimate) return "null";
  const auto& interval = estimate->interval;
  return str("{\"value\": ", shortest(estimate->value), ", \"low\": ", interval ? shortest(interval->low) : "null",
             ", \"high\": ", interval ? shortest(interval->high) : "null",
             ", \"replicates\": ", interval ? interval->replicates : 0, "}");
}

template <class Row>
std::string json_estimates(const Row& row) {
  return str("\"auc\": ", json_estimate(row.auc), ", \"sensitivity\": ", json_estimate(row.sensitivity),
             ", \"specificity\": ", json_estimate(row.specificity), ", \"f1\": ", json_estimate(row.f1));
}

std::string json_class(const ClassEvaluation& one, int64_t replicates) {
  const bool has_cutoff = one.cutoff && std::isfinite(*one.cutoff);
  return str("{\"name\": ", json_string(one.name), ", \"images\": ", one.n_known, ", \"positives\": ", one.n_positive,
             ", \"cutoff\": ", has_cutoff ? shortest(*one.cutoff) : "null", ", ", json_estimates(one),
             ", \"note\": ", json_note(evaluation_note(one, replicates)), "}");
}

}  // namespace

std::string evaluation_csv(const Evaluation& evaluation) {
  std::string text = "class,images,positives,cutoff";
  for (const std::string m : {"auc", "sensitivity", "specificity", "f1"}) {
    text += "," + m + "," + m + "_low," + m + "_high," + m + "_replicates";
  }
  text += ",note\n";
  for (const ClassEvaluation& one : evaluation.classes) {
    text += str(csv_quoted(one.name), ",", one.n_known, ",", one.n_positive, ",", one.cutoff ? shortest(*one.cutoff) : "",
                csv_cells(one.auc), csv_cells(one.sensitivity), csv_cells(one.specificity), csv_cells(one.f1), ",",
                csv_quoted(evaluation_note(one, evaluation.replicates)), "\n");
  }
  const auto& mean = evaluation.mean;
  return text + str("mean,", evaluation.n, ",,", csv_cells(mean.auc), csv_cells(mean.sensitivity), csv_cells(mean.specificity),
                    csv_cells(mean.f1), ",", csv_quoted(mean_note(evaluation)), "\n");
}

std::string evaluation_json(const Evaluation& evaluation, const EvaluationHeading& heading) {
  std::string classes;
  for (const ClassEvaluation& one : evaluation.classes) {
    classes += (classes.empty() ? "" : ", ") + json_class(one, evaluation.replicates);
  }
  return str("{\"checkpoint\": ", json_string(heading.checkpoint), ", \"epoch\": ", heading.epoch,
             ", \"split\": ", json_string(heading.split), ", \"images\": ", evaluation.n,
             ", \"patients\": ", heading.patients ? std::to_string(*heading.patients) : "null",
             ", \"cutoffs\": ", json_string(heading.cutoffs), ", \"replicates\": ", evaluation.replicates,
             ", \"seed\": ", evaluation.seed, ", \"classes\": [", classes,
             "], \"mean\": {\"auc_classes\": ", evaluation.mean.n_auc, ", \"decision_classes\": ", evaluation.mean.n_decisions,
             ", ", json_estimates(evaluation.mean), ", \"note\": ", json_note(mean_note(evaluation)), "}}\n");
}

}  // namespace thorax
