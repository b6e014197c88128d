// How right the probabilities are, as text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metrics/calibration.h"

namespace thorax {

// Per class Brier score, expected calibration error and, in ten bins, how often it was positive and how often that was predicted.
std::string reliability_table(const metrics::Scores& scores,
                              const std::vector<std::optional<metrics::Calibration>>& calibrations);

// A list of objects, one per class: {name, brier, ece, slope, offset (null without calibration), bins: [{low, high, images,
// positives, predicted}]}; brier and ece are null without a known label.
std::string reliability_json(const metrics::Scores& scores, const std::vector<std::optional<metrics::Calibration>>& calibrations);

}  // namespace thorax
