// Class counts that a loss can divide by.
#pragma once

#include "losses/loss.h"

namespace thorax {

// The counts, each class with something positive and something negative. A class without is refused with Error(input) that names
// it; with options.clamp_counts it is counted as if it had one image of the value that is missing, and note says so.
ClassCounts usable_counts(const LossOptions& options, ClassCounts counts, std::string& note);

}  // namespace thorax
