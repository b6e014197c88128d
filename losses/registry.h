// A loss by name: what it is composed of. A new part is one file pair and one line in registry.cpp.
#pragma once

#include "losses/loss.h"

namespace thorax {

// Throws Error(input) when options.name is unknown or the loss cannot be made from these counts. The table's note tells of
// clamped counts, and of a modified loss without its class.
LossTable make_loss(const LossOptions& options, const ClassCounts& counts);

// "bce", "bce-weighted", "focal", "db", "db-modified", "db-code".
std::vector<std::string> loss_names();

}  // namespace thorax
