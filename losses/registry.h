// A loss by name. A new loss is one file pair and one line in registry.cpp.
#pragma once

#include "losses/loss.h"

namespace thorax {

// Throws Error(input) when options.name is unknown or the loss cannot be made from these counts.
LossTable make_loss(const LossOptions& options, const ClassCounts& counts);

// "bce", "db", "db-modified".
std::vector<std::string> loss_names();

}  // namespace thorax
