// The numbers of a training run: parameters, momentum, their moving average, the three programs (full batch, last batch,
// validation) over one arena, and the position in the schedule.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "apps/network.h"
#include "data/loader.h"
#include "tensor/input_stage.h"

namespace thorax {

struct TrainerOptions {
  NetworkSpec network;
  Communicator* communicator = nullptr;  // null: one process. All counts of images are those of all processes
  bool sync_batch_norm = false;
  bool moves_images = false;  // batches come with Batch::moves, which the step carries out
  int64_t batch = 32;
  int64_t last_batch = 0;        // images in the last, smaller training batch; 0: all batches are full
  int64_t validation_batch = 0;  // 0: no validation program
  LossTable loss;
  uint64_t seed = 1;
  UpdateOptions update;
};

// Error(input): the training diverged. where: "epoch 2, step 57: the loss is nan".
Error diverged(const std::string& where);

class Trainer {
 public:
  explicit Trainer(const TrainerOptions& options);

  // One step on a batch, or this rank's share of it, with this learning rate; returns the loss of all its images. Throws
  // diverged() when it is not finite.
  // meanwhile, unless empty: called while a GPU computes, or behind the computing; there is time to prepare the next batch.
  double step(const data::Batch& batch, double learning_rate, const std::function<void()>& meanwhile = {});
  // The batch of the next step(): on a GPU its pixels begin their way there.
  void stage(const data::Batch& next);
  // From rank 0 to all: the running statistics, which without sync_batch_norm are each rank's own; all that the Stores hold.
  void share_statistics();
  void share_everything();
  // Throws Error(defect) unless the parameters are the same bits on all ranks.
  void check_replicas();
  // How many of a batch's images are this rank's.
  int64_t own_share(int64_t images) const;
  // The model under its running statistics, with averaged weights where there are any; shares the memory of the training
  // programs.
  Network& validation() { return *validation_; }

  Store& store() { return store_; }
  const TrainerOptions& options() const { return options_; }
  Program& training_program() { return full_->program(); }
  // With fp16, or where the update's options ask for it; else null.
  LossScale* loss_scale() { return update_.loss_scale(); }
  // The moving average of the weights; null when there is none.
  Store* average() { return average_ ? &*average_ : nullptr; }
  // What validation() runs with, and what is worth keeping: the average, else the weights.
  Store& evaluated() { return average_ ? *average_ : store_; }
  size_t bytes() const { return store_.bytes() + (average_ ? average_->bytes() : 0) + arena_.bytes(); }
  // Steps done; a resumed run sets it.
  int64_t steps() const { return steps_; }
  void set_steps(int64_t steps) { steps_ = steps; }

 private:
  void load_pixels(Network& net, const data::Batch& batch);
  std::unique_ptr<Network> step_network(int64_t images);
  void share(bool all);
  TrainerOptions options_;
  float loss_weight_ = 1;
  Store store_;
  std::optional<Store> average_;
  Update update_;
  int64_t steps_ = 0;
  Arena arena_;
  std::optional<InputStage> input_;         // on a GPU
  std::vector<SampleMap> moves_;            // [own batch] with moves_images
  const uint8_t* staged_pixels_ = nullptr;  // of the batch that was staged
  std::unique_ptr<Network> full_, last_, validation_;
};

}  // namespace thorax
