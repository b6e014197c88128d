// What a model, or several, says about images of a table, and the cut-offs that turn it into decisions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/ensemble.h"
#include "apps/flags.h"
#include "metrics/calibration.h"
#include "metrics/operating_point.h"

namespace thorax {

// --cutoff and --calibrate.
std::vector<Flag> decision_flags();

// Throws Error(input) that names the flag.
metrics::CutoffPolicy cutoff_policy(const std::string& text);

// What is measured: the scores, and what was found on the validation images for them.
struct Measured {
  metrics::Scores scores;
  std::vector<std::optional<float>> cutoffs;
  std::vector<std::optional<metrics::Calibration>> calibrations;  // empty: none wanted
  std::string cutoffs_text;
};

// Cut-offs as the model file has them where they hold; else chosen anew on the run's own validation images.
// flags: decision_flags(), measuring_flags() and the runs as words.
Measured measure(const Flags& flags, const Ensemble& models, const data::Manifest& manifest, const std::vector<size_t>& rows);

// Some of the images.
metrics::Scores part_of(const metrics::Scores& all, const std::vector<size_t>& order);

}  // namespace thorax
