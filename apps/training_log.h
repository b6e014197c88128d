// What is told of each epoch: a line for the person, a record in metrics.jsonl, curves for TensorBoard.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/run_folder.h"
#include "kernels/loss_scale.h"

namespace thorax {

struct EpochRecord {
  int64_t epoch = 0;
  int64_t step = 0;
  double train_loss = 0;
  double val_loss = 0;
  double learning_rate = 0;  // of the last step
  double seconds = 0;        // of training, since start or resume
  std::vector<std::string> classes;
  std::vector<std::optional<double>> auc;  // validation; nullopt: one value only
  double macro_auc = 0;
  bool best = false;
  std::optional<LossScaleState> loss_scale;  // in fp16
};

class TrainingLog {
 public:
  // resumed_step: batches done when the run goes on; what was told of later ones is superseded.
  TrainingLog(const RunFolder& folder, std::optional<int64_t> resumed_step);
  ~TrainingLog();
  void add(const EpochRecord& record);

 private:
  struct Files;
  std::unique_ptr<Files> files_;
};

}  // namespace thorax
