#pragma once

#include "losses/loss.h"

namespace thorax {

// Plain binary cross-entropy with logits.
LossTable make_bce(const LossOptions& options, const ClassCounts& counts);

}  // namespace thorax
