// state.safetensors: all that a run needs to go on bit for bit: weights, running statistics, momentum, averaged
// weights and the position.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "apps/run_folder.h"
#include "apps/trainer.h"

namespace thorax {

struct Progress {
  int64_t epoch = 0;    // epochs finished
  int64_t batch = 0;    // batches done in the epoch that is under way
  int64_t step = 0;     // batches done in all
  double loss_sum = 0;  // of the epoch under way, weighted by images
  int64_t images = 0;   // of the epoch under way
  double best = -1;     // highest validation score so far; -1: none yet
  int64_t best_epoch = 0;
};

// The commit point of the run (checkpoint.h). identity: what must be the same when it is resumed (data, options), as text by key.
void save_state(const RunPaths& run, const Progress& progress, const std::map<std::string, std::string>& identity,
                Trainer& trainer);

// The newest state of the run that passes every check, put into the trainer; nullopt when there is none yet. Throws Error(input)
// when the state belongs to a run with another identity.
std::optional<Progress> load_state(const RunPaths& run, const std::map<std::string, std::string>& identity, Trainer& trainer);

}  // namespace thorax
