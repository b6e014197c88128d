// The loss scale of a training in fp16: a state beside the weights, on the same device, saved and resumed with them.
#pragma once

#include <memory>

#include "kernels/loss_scale.h"
#include "tensor/planner.h"

namespace thorax {

class LossScale {
 public:
  // queue: as the Store's of the weights.
  explicit LossScale(std::shared_ptr<Queue> queue);

  // The loss's gradient, a scalar, becomes itself times the scale.
  void emit(Emitter& emit, Slot loss_gradient);
  // Where the steps read and write it.
  LossScaleState* on_device() const;
  // [3] f32, a LossScaleState, in the host's memory; touch() when it was written.
  Tensor values() const { return store_.find(name); }
  void touch() { store_.touch(); }
  LossScaleState state() const { return *reinterpret_cast<const LossScaleState*>(values().data); }

 private:
  static constexpr const char* name = "loss_scale";
  static Store make_store(std::shared_ptr<Queue> queue);
  Store store_;
};

}  // namespace thorax
