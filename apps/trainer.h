// The numbers of a training run: parameters, momentum, the three programs (full batch, last batch, validation) over one arena,
// and the position in the schedule.
#pragma once

#include <memory>
#include <vector>

#include "apps/network.h"
#include "data/loader.h"

namespace thorax {

struct TrainerOptions {
  NetworkSpec network;
  int64_t batch = 32;
  int64_t last_batch = 0;        // images in the last, smaller training batch; 0: all batches are full
  int64_t validation_batch = 0;  // 0: no validation program
  LossTable loss;
  uint64_t seed = 1;
  double momentum = 0.9;
  double weight_decay = 0.0;
};

class Trainer {
 public:
  explicit Trainer(const TrainerOptions& options);

  // One step on a batch with this learning rate; returns its loss. Throws Error(machine) when the loss is not finite.
  double step(const data::Batch& batch, double learning_rate);
  // The model under its running statistics; shares the memory of the training programs.
  Network& validation() { return *validation_; }

  Store& store() { return store_; }
  const TrainerOptions& options() const { return options_; }
  Program& training_program() { return full_->program(); }
  size_t bytes() const { return store_.bytes() + arena_.bytes(); }
  // Whether momentum holds something already (it does not before the first step).
  bool warm() const { return scalars_.first == 0; }
  void set_warm(bool warm) { scalars_.first = warm ? 0 : 1; }

 private:
  TrainerOptions options_;
  SgdScalars scalars_{};
  Store store_;
  Arena arena_;
  std::unique_ptr<Network> full_, last_, validation_;
};

}  // namespace thorax
