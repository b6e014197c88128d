// The trainings of `thorax reproduce`, each in a run folder of its own: done where they have not been done, gone on with where
// they were interrupted, and what they say about the validation and test images kept beside them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/experiments.h"
#include "apps/flags.h"
#include "apps/outcome.h"
#include "apps/train_data.h"

namespace thorax {

// The flags of thorax train that every experiment takes over from thorax reproduce.
std::vector<Flag> common_flags();

// folder: of thorax reproduce.
std::filesystem::path run_of(const std::filesystem::path& folder, const Experiment& experiment);
// Trained, and what it says is kept.
bool is_done(const std::filesystem::path& run);

class ExperimentRuns {
 public:
  // flags: of thorax reproduce, with common_flags() and "out"; outlives this. Reads the table as the first experiment does; a
  // split that is not in the table is made once, for all of them, and kept as split.csv in the folder. Throws Error(input)
  // without test images.
  ExperimentRuns(const Flags& flags, WeightFiles files, const Experiment& first);

  const data::Manifest& manifest() const { return data_->manifest; }

  // nullopt: interrupted, and saved. Throws Error(input) where another training than this one lies in its folder.
  std::optional<Outcome> outcome(const Experiment& experiment);

 private:
  Flags flags_of(const Experiment& experiment) const;
  void load_data(const TrainConfig& config);
  bool train(const TrainConfig& config, const Flags& flags, const std::filesystem::path& run);
  Outcome score(const TrainConfig& config, const std::filesystem::path& run) const;

  const Flags& flags_;
  WeightFiles files_;
  std::filesystem::path folder_;
  std::optional<TrainData> data_;
  uint64_t data_seed_ = 0;  // smoothed labels depend on it
};

// The first line in which two configurations differ, but for values that change no result: "size = 64", not "size = 96". Empty
// where there is none.
std::string first_difference(const std::string& found, const std::string& expected);

}  // namespace thorax
