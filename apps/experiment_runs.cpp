#include "apps/experiment_runs.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "apps/device.h"
#include "apps/ensemble.h"
#include "apps/printable.h"
#include "apps/train_flags.h"
#include "apps/training.h"
#include "apps/verbs.h"
#include "data/split.h"

namespace thorax {

std::vector<Flag> common_flags() {
  const std::set<std::string> others{"config", "skip-bad", "out",     "resume", "overwrite", "model",   "init",
                                     "loss",   "seed",     "dry-run", "procs",  "gpus",      "sync-bn", "restarts"};
  std::vector<Flag> flags;
  for (const Flag& flag : training_flags())
    if (others.count(flag.name) == 0) flags.push_back(flag);
  return flags;
}

std::string first_difference(const std::string& found, const std::string& expected) {
  const auto lines = [](const std::string& text) {
    std::vector<std::string> kept;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
      if (!line.starts_with("threads = ") && !line.starts_with("workers = ")) kept.push_back(line);
    return kept;
  };
  const std::vector<std::string> a = lines(found), b = lines(expected);
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (x == a.end() && y == b.end()) return {};
  return str(x == a.end() ? "nothing" : printable(*x), ", not ", y == b.end() ? "nothing" : printable(*y));
}

ExperimentRuns::ExperimentRuns(const Flags& flags, WeightFiles files, const Experiment& first)
    : flags_(flags), files_(std::move(files)), folder_(flags.text("out")) {
  Flags own = flags_of(first);
  const TrainConfig config = train_config(own, stream_of(own));
  load_data(config);
  print_data(config, *data_, 0);
  if (data_->test.empty())
    throw Error(Fault::input, str(config.manifest.table.string(), ": no test images, which the tables are about"),
                "the split column holds train, val and test; without one thorax splits by patient itself");
  if (data_->split_here) write_file_atomically(folder_ / "split.csv", data::split_csv(data_->manifest));
}

namespace {

std::filesystem::path outcome_in(const std::filesystem::path& run) {
  return run / "scores.safetensors";
}

// A training of other values has no place in this folder.
void refuse_other(const std::filesystem::path& config, const std::string& expected) {
  std::ifstream in(config, std::ios::binary);
  const std::string found{std::istreambuf_iterator<char>(in), {}};
  const std::string difference = first_difference(found, expected);
  if (!difference.empty())
    throw Error(Fault::input, str(config.string(), ": another training: ", difference), "the values of before, or another --out");
}

}  // namespace

std::filesystem::path run_of(const std::filesystem::path& folder, const Experiment& experiment) {
  return folder / "runs" / experiment.name();
}

bool is_done(const std::filesystem::path& run) {
  return path_exists(outcome_in(run));
}

Flags ExperimentRuns::flags_of(const Experiment& experiment) const {
  Flags own = train_flags();
  for (const Flag& flag : common_flags())
    if (flags_.given(flag.name)) own.set(flag.name, flags_.text(flag.name));
  own.set("model", experiment.model);
  own.set("loss", experiment.loss);
  own.set("seed", str(experiment.seed));
  const auto file = files_.find({experiment.weights, experiment.model});
  if (file != files_.end()) own.set("init", file->second.string());
  const std::filesystem::path split = folder_ / "split.csv";
  if (path_exists(split)) own.set("split-file", split.string());
  return own;
}

void ExperimentRuns::load_data(const TrainConfig& config) {
  if (data_ && data_seed_ == config.seed) return;
  int64_t dropped = 0;
  data_ = load_train_data(config, dropped);
  data_seed_ = config.seed;
}

// False: interrupted.
bool ExperimentRuns::train(const TrainConfig& config, const Flags& flags, const std::filesystem::path& run) {
  const bool begun = path_exists(RunPaths(run).config());
  load_data(config);
  Training training(config, config_of_model(flags), *data_);
  if (!training.loss().note.empty()) std::fprintf(stderr, "note    %s\n", training.loss().note.c_str());
  std::fprintf(stderr, "        %s\n", training.begin_weights(begun ? run : std::filesystem::path()).c_str());
  RunFolder folder(run, begun ? RunStart::resume : RunStart::create);
  if (!begun) write_file_atomically(folder.config(), config_of_run(flags));
  return training.run(&folder, begun);
}

Outcome ExperimentRuns::score(const TrainConfig& config, const std::filesystem::path& run) const {
  const Ensemble model({run.string()}, config.batch, config.stream);
  return {model.score(data_->manifest, data_->val, config.workers, config.cache),
          model.score(data_->manifest, data_->test, config.workers, config.cache)};
}

std::optional<Outcome> ExperimentRuns::outcome(const Experiment& experiment) {
  const std::filesystem::path run = run_of(folder_, experiment);
  Flags flags = flags_of(experiment);
  const TrainConfig config = train_config(flags, stream_of(flags));
  if (path_exists(RunPaths(run).config())) refuse_other(RunPaths(run).config(), config_of_run(flags));
  if (!is_done(run)) {
    if (!train(config, flags, run)) return std::nullopt;
    write_outcome(outcome_in(run), score(config, run));
  }
  return read_outcome(outcome_in(run), {truth_of(data_->manifest, data_->val), truth_of(data_->manifest, data_->test)});
}

}  // namespace thorax
