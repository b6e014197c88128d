// The configuration that the flags of `thorax train` make.
#pragma once

#include "apps/flags.h"
#include "apps/train_config.h"

namespace thorax {

// All of them, with their defaults.
std::vector<Flag> training_flags();

// Gives flags that nobody gave the values of --resume's config.toml, then of --config.
void take_config_files(Flags& flags);

// Throws Error(input) that names the flag for every value that makes no sense. With --resume the run's config.toml is merged
// first.
TrainConfig train_config(Flags& flags, const Stream& stream);

// All values as TOML: for config.toml, whose paths mean the same in every folder; and for the model files, which go to others
// and so do not say where the data lay.
std::string config_of_run(Flags flags);
std::string config_of_model(const Flags& flags);

// --threads, 0 being all processors, shared with the other ranks on this machine.
int threads_of(const Flags& flags);

}  // namespace thorax
