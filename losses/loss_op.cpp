#include "losses/loss_op.h"

#include "kernels/scale.h"
#include "tensor/planner.h"

namespace thorax {

namespace {

class Loss final : public Op {
 public:
  Loss(std::string name, Value logits, Value labels, Value mask, LossTable table)
      : Op(std::move(name), {logits, labels, mask}), table_(std::move(table)) {}

  void forward(Emitter& emit) override {
    require_loss(emit.stream(), table_);
    const Slot logits = emit.of(inputs()[0]);
    const Slot labels = emit.of(inputs()[1]);
    const Slot mask = emit.of(inputs()[2]);
    const Slot loss = emit.of(outputs()[0]);
    gradient_ = emit.slot(name() + ".dlogits", emit.graph().info(inputs()[0]).shape, DType::f32);
    emit.step(name(), {logits, labels, mask}, {loss, gradient_}, 0,
              [logits, labels, mask, loss, gradient = gradient_, table = table_](const Run& run) {
                loss_forward_backward(run.stream, run[logits], run[labels], run[mask], table, run[loss].as<float>(),
                                      run[gradient]);
              });
  }

  void backward(Emitter& emit) override {
    const Emitter::Target target = emit.target(inputs()[0]);
    if (!target) return;
    const Slot upstream = emit.gradient(outputs()[0]);
    emit.step(name() + ".backward", {gradient_, upstream, target.accumulate ? target.slot : Slot{}}, {target.slot}, 0,
              [gradient = gradient_, upstream, target](const Run& run) {
                scale(run.stream, run[upstream], run[gradient], run[target.slot], target.accumulate);
              });
  }

 private:
  LossTable table_;
  Slot gradient_;
};

}  // namespace

Value loss_of(Graph& g, const std::string& name, Value logits, Value labels, Value mask, const LossTable& table) {
  auto& op = g.add<Loss>(name, logits, labels, mask, table);
  return g.output_of(op, name + ".value", {}, DType::f32, Layout::plain);
}

}  // namespace thorax
