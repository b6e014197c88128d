// The update as steps of the program, over the flat arrays of the Store: the gradient's norm, stochastic gradient descent group
// by group, the moving average of the weights.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/sgd.h"
#include "optim/loss_scale.h"
#include "tensor/on_device.h"
#include "tensor/planner.h"

namespace thorax {

// Stochastic gradient descent with momentum on all parameters. scalars: learning rate and so on, of the host, read in each run;
// must outlive the program.
void emit_sgd(Emitter& emit, Store& store, const SgdScalars* scalars);

struct UpdateOptions {
  double momentum = 0.9;
  double weight_decay = 0;
  double clip_norm = 0;               // gradients are scaled down to this global norm; 0: never
  double backbone_lr = 1;             // the learning rate of all but the head, as a factor
  std::vector<std::string> freeze{};  // names or beginnings of names up to a dot; "backbone": all but the head
  double average_decay = 0;           // of the moving average of the weights; 0: none
  bool loss_scaling = false;          // dynamic; for fp16
};

class Update {
 public:
  // The head is the last layer that has parameters. average: a Store of the same graph that takes the moving average, or null
  // when average_decay is 0. Both must outlive this, and this the programs. Throws Error(input) when a name of freeze fits no
  // parameter, or nothing is left to train.
  Update(Store& store, Store* average, const UpdateOptions& options);

  // For PlanOptions::before_backward: multiplies the loss's gradient by the loss scale, if there is one.
  void emit_loss_scale(Emitter& emit, Slot loss_gradient);
  // For PlanOptions::after_backward.
  void emit(Emitter& emit);
  // Frozen: its gradient is never computed, and it stays as it is. For PlanOptions::constant.
  bool is_frozen(const std::string& parameter) const;
  // Before each run. step: updates done so far; the momentum begins with the first.
  void prepare(double learning_rate, int64_t step);
  // Of the gradients of the last run, before clipping; 0 without clip_norm and loss_scaling.
  double gradient_norm() const { return norm_.bytes() > 0 ? *reinterpret_cast<const double*>(norm_.data()) : 0; }

  // Null without loss_scaling.
  LossScale* loss_scale() { return loss_scale_ ? &*loss_scale_ : nullptr; }

 private:
  struct Group {  // neighbours in the flat arrays that share a learning rate
    int64_t begin = 0, count = 0;
    double factor = 1;
  };
  struct Piece {  // a parameter's place in the flat arrays, with the alignment behind it
    std::string name;
    int64_t begin = 0, count = 0;
  };
  double factor_of(const std::string& parameter) const;
  void make_pieces();
  void make_groups();
  void emit_all_reduce(Emitter& emit);
  void emit_clip(Emitter& emit, const OnDevice<SgdScalars>& scalars);
  void emit_average(Emitter& emit);

  Store& store_;
  Store* average_;
  UpdateOptions options_;
  std::string head_;
  std::vector<Piece> pieces_;  // of the parameters that are not frozen, in the arrays' order
  std::vector<Group> groups_;
  std::vector<SgdScalars> scalars_;                 // of the groups
  std::vector<std::pair<Tensor, Tensor>> running_;  // running statistics and their averages
  float average_weight_ = 0;
  Buffer norm_;  // one double
  std::optional<LossScale> loss_scale_;
};

}  // namespace thorax
