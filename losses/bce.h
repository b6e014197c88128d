// Binary cross-entropy on logits, the mean over the known labels.
#pragma once

#include "losses/registry.h"

namespace thorax {

Loss bce(const LossOptions& options, const ClassCounts& counts);

}  // namespace thorax
