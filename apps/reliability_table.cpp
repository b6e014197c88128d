#include "apps/reliability_table.h"

#include "apps/console.h"
#include "apps/printable.h"
#include "tensor/error.h"
#include "tensor/json.h"

namespace thorax {

namespace {

std::optional<metrics::Reliability> of_class(const metrics::Scores& scores, size_t k) {
  const metrics::KnownScores known = metrics::known_scores(scores, k);
  return metrics::reliability(known.scores, known.labels);
}

std::string right(const std::string& text, size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

}  // namespace

std::string reliability_table(const metrics::Scores& scores,
                              const std::vector<std::optional<metrics::Calibration>>& calibrations) {
  std::string text = "\ncalibration\n";
  for (size_t k = 0; k < scores.classes.size(); ++k) {
    const auto r = of_class(scores, k);
    text += shortened(printable(scores.classes[k]), 40);
    if (!r) {
      text += ": no label is known\n";
      continue;
    }
    text += str(": Brier score ", fixed(r->brier, 4), ", expected calibration error ", fixed(r->ece, 4));
    if (k < calibrations.size() && !calibrations[k]) text += " (not calibrated: no fit)";
    if (k < calibrations.size() && calibrations[k])
      text += str("\n  fitted on validation: slope ", fixed(calibrations[k]->slope, 3), " (temperature ",
                  fixed(1 / calibrations[k]->slope, 3), "), offset ", fixed(calibrations[k]->offset, 3));
    text += "\n  predicted    images   mean   positive\n";
    for (const metrics::ReliabilityBin& bin : r->bins) {
      if (bin.images == 0) continue;
      text += str("  ", fixed(bin.low, 1), " - ", fixed(bin.high, 1), right(with_commas(bin.images), 10), "  ",
                  fixed(bin.predicted, 3), "      ",
                  fixed(static_cast<double>(bin.positives) / static_cast<double>(bin.images), 3), '\n');
    }
  }
  return text;
}

std::string reliability_json(const metrics::Scores& scores,
                             const std::vector<std::optional<metrics::Calibration>>& calibrations) {
  std::string text;
  for (size_t k = 0; k < scores.classes.size(); ++k) {
    const auto r = of_class(scores, k);
    const auto* c = k < calibrations.size() && calibrations[k] ? &*calibrations[k] : nullptr;
    std::string bins;
    for (const metrics::ReliabilityBin& bin : r ? r->bins : std::vector<metrics::ReliabilityBin>{})
      bins += str(bins.empty() ? "" : ", ", "{\"low\": ", json_number(bin.low), ", \"high\": ", json_number(bin.high),
                  ", \"images\": ", bin.images, ", \"positives\": ", bin.positives,
                  ", \"predicted\": ", bin.images > 0 ? json_number(bin.predicted) : "null", "}");
    text += str(text.empty() ? "" : ", ", "{\"name\": ", json_quote(printable(scores.classes[k])),
                ", \"brier\": ", r ? json_number(r->brier) : "null", ", \"ece\": ", r ? json_number(r->ece) : "null",
                ", \"slope\": ", c != nullptr ? json_number(c->slope) : "null",
                ", \"offset\": ", c != nullptr ? json_number(c->offset) : "null", ", \"bins\": [", bins, "]}");
  }
  return "[" + text + "]";
}

}  // namespace thorax
