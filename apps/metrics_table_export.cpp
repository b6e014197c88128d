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
  return str("\"auc\": ", json_estimate(row.auc), ", \"average_precision\": ", json_estimate(row.average_precision),
             ", \"sensitivity\": ", json_estimate(row.sensitivity), ", \"specificity\": ", json_estimate(row.specificity),
             ", \"f1\": ", json_estimate(row.f1));
}

std::string json_class(const ClassEvaluation& one, int64_t replicates) {
  const bool has_cutoff = one.cutoff && std::isfinite(*one.cutoff);
  return str("{\"name\": ", json_string(one.name), ", \"images\": ", one.n_known, ", \"positives\": ", one.n_positive,
             ", \"cutoff\": ", has_cutoff ? shortest(*one.cutoff) : "null", ", ", json_estimates(one),
             ", \"note\": ", json_note(evaluation_note(one, replicates)), "}");
}

}  // namespace

std::string evaluation_csv(const Evaluation& evaluation, const std::optional<std::string>& group, bool header) {
  const std::string first = group ? csv_quoted(*group) + "," : "";
  std::string text = group ? "group,class,images,positives,cutoff" : "class,images,positives,cutoff";
  for (const std::string m : {"auc", "average_precision", "sensitivity", "specificity", "f1"}) {
    text += str(",", m, ",", m, "_low,", m, "_high,", m, "_replicates");
  }
  text += ",note\n";
  if (!header) text.clear();
  const auto cells = [](const auto& row) {
    return csv_cells(row.auc) + csv_cells(row.average_precision) + csv_cells(row.sensitivity) + csv_cells(row.specificity) +
           csv_cells(row.f1);
  };
  for (const ClassEvaluation& one : evaluation.classes) {
    text += str(first, csv_quoted(one.name), ",", one.n_known, ",", one.n_positive, ",", one.cutoff ? shortest(*one.cutoff) : "",
                cells(one), ",", csv_quoted(evaluation_note(one, evaluation.replicates)), "\n");
  }
  return text + str(first, "mean,", evaluation.n, ",,", cells(evaluation.mean), ",", csv_quoted(mean_note(evaluation)), "\n");
}

std::string evaluation_json(const Evaluation& evaluation, const EvaluationHeading& heading) {
  std::string classes;
  for (const ClassEvaluation& one : evaluation.classes) {
    classes += (classes.empty() ? "" : ", ") + json_class(one, evaluation.replicates);
  }
  return str("{\"checkpoint\": ", json_string(heading.checkpoint), ", \"epoch\": ", heading.epoch,
             ", \"split\": ", json_string(heading.split), ", \"images\": ", evaluation.n,
             ", \"patients\": ", heading.patients ? std::to_string(*heading.patients) : "null",
             ", \"cutoffs\": ", json_string(heading.cutoffs), ", \"resampling\": ", json_string(heading.resampling),
             ", \"replicates\": ", evaluation.replicates, ", \"seed\": ", evaluation.seed, ", \"classes\": [", classes,
             "], \"mean\": {\"auc_classes\": ", evaluation.mean.n_auc, ", \"decision_classes\": ", evaluation.mean.n_decisions,
             ", ", json_estimates(evaluation.mean), ", \"note\": ", json_note(mean_note(evaluation)), "}}\n");
}

}  // namespace thorax
