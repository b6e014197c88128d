// A training: epochs of steps, each followed by a validation and its checkpoints. `thorax train` does one, `thorax reproduce`
// many.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "apps/train_data.h"
#include "apps/training_log.h"
#include "apps/training_state.h"
#include "metrics/scores.h"

namespace thorax {

class Training {
 public:
  // config: outlives the training. config_text: what the model files hold of it.
  Training(const TrainConfig& config, std::string config_text, TrainData data);

  Trainer& trainer() { return trainer_; }
  const LossTable& loss() const { return loss_; }
  const std::vector<std::string>& classes() const { return data_.manifest.classes; }
  const Progress& progress() const { return progress_; }
  int64_t steps_per_epoch() const { return (static_cast<int64_t>(data_.train.size()) + config_.batch - 1) / config_.batch; }

  // The weights that it begins with, in one process or rank 0; returns where they come from. run: the folder of a run that goes
  // on, else empty: one that has a state goes on with that.
  std::string begin_weights(const std::filesystem::path& run);

  // The job, from the folder's state on. folder: null where another rank keeps it. False: interrupted, and saved; progress() says
  // where. Throws Error(input) where ranks have other data or options than rank 0.
  bool run(RunFolder* folder, bool resumed);

 private:
  TrainerOptions trainer_options() const;
  data::LoaderOptions loader_options(bool training) const;
  std::map<std::string, std::string> identity() const;
  void refuse_other_ranks(const std::map<std::string, std::string>& identity) const;
  void begin(const RunFolder* folder, const std::map<std::string, std::string>& identity);
  bool train_epoch(data::Loader& loader);
  bool interrupted_anywhere() const;
  metrics::Scores validate(data::Loader& loader, EpochRecord& record);
  EpochRecord finish_epoch(const metrics::Scores& scores, EpochRecord record);
  void write_checkpoints(RunFolder& folder, const metrics::Scores& scores, const EpochRecord& record);
  double validation_loss(std::vector<float>& logits) const;

  const TrainConfig& config_;
  std::string config_text_;
  TrainData data_;
  LossTable loss_;
  Trainer trainer_;
  Schedule schedule_;
  Progress progress_;
  double epoch_seconds_ = 0;
};

}  // namespace thorax
