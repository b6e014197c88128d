#include "optim/loss_scale.h"

#include "kernels/scale.h"

namespace thorax {

Store LossScale::make_store(std::shared_ptr<Queue> queue) {
  Graph g(true);
  g.state(name, {sizeof(LossScaleState) / sizeof(float)}, DType::f32, 0);
  return Store(g, 0, false, std::move(queue));
}

LossScale::LossScale(std::shared_ptr<Queue> queue) : store_(make_store(std::move(queue))) {
  *reinterpret_cast<LossScaleState*>(values().data) = {};
  touch();
}

LossScaleState* LossScale::on_device() const {
  return static_cast<LossScaleState*>(store_.device_find(name).data);
}

void LossScale::emit(Emitter& emit, Slot loss_gradient) {
  emit.uses(store_);
  const Tensor factor{on_device(), {}, DType::f32, Layout::plain};
  emit.step("loss.scale", {loss_gradient}, {loss_gradient}, 0, [loss_gradient, factor](const Run& run) {
    scale(run.stream, factor, run[loss_gradient], run[loss_gradient], false);
  });
}

}  // namespace thorax
