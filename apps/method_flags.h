// The flags of `thorax train` that say how is learnt: loss, sampling, schedule, update.
#pragma once

#include <vector>

#include "apps/flags.h"
#include "apps/train_config.h"

namespace thorax {

// The verb's other flags with these in front of "flip".
std::vector<Flag> with_method_flags(std::vector<Flag> others);

// Reads them into the configuration. Throws Error(input) that names the flag for every value that makes no sense.
void read_method(const Flags& flags, TrainConfig& config);

// What was chosen, in the lines "loss" and "update" that a run begins with.
std::string method_lines(const TrainConfig& config, const LossTable& loss, const std::vector<std::string>& classes);

}  // namespace thorax
