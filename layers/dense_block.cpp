#include "layers/dense_block.h"

#include <algorithm>

#include "kernels/add.h"
#include "kernels/zero.h"
#include "layers/dense_layer.h"
#include "tensor/description.h"

namespace thorax {

namespace {

class DenseBlock final : public Op {
 public:
  DenseBlock(std::string name, std::vector<Value> inputs, Value x, std::vector<DenseLayer> layers)
      : Op(std::move(name), std::move(inputs)), x_(x), layers_(std::move(layers)) {}

  void set_outputs(const DenseBlockOutput& out) { out_ = out; }

  void forward(Emitter& emit) override {
    const ValueInfo& y = emit.graph().info(out_.y);
    const ValueInfo& x = emit.graph().info(x_);
    slots_ = {emit.of(out_.y), out_.statistics ? emit.of(out_.statistics) : Slot{}, {}, {}};
    const int64_t images = y.shape[0];
    const int64_t pixels = y.shape[2] * y.shape[3];
    const int64_t channels = x.shape[1];
    const Slot from = emit.of(x_);
    const Slot partial = emit.slot(name() + ".partial", {partial_sums(emit.stream(), images, pixels), 2, channels}, DType::f32);
    // The input becomes the buffer's first channels; their statistics are taken on the way.
    emit.step(name() + ".input", {from}, {slots_.buffer, slots_.statistics, partial}, 0,
              [block = slots_, from, partial, images, pixels, channels](const Run& run) {
                const Tensor statistics = run[block.statistics];
                auto* partials = run[partial].as<float>();
                copy_with_statistics(run.stream, run[from], {run[block.buffer], 0, images, 0, channels},
                                     statistics ? partials : nullptr);
                if (!statistics) return;
                merge_statistics(run.stream, partials, images, channels, pixels, statistics.as<float>(),
                                 statistics.as<float>() + statistics.shape[1]);
              });
    emit_joint_statistics(emit, name() + ".joint_statistics", slots_.statistics, 0, channels, pixels);
    const Tensor like{nullptr, y.shape, y.dtype, y.layout};
    for (DenseLayer& layer : layers_) layer.forward(emit, slots_, like);
  }

  void backward(Emitter& emit) override {
    const ValueInfo& y = emit.graph().info(out_.y);
    slots_.gradient = emit.gradient(out_.y);
    if (!emit.may_overwrite(slots_.gradient)) slots_.gradient = copied(emit, slots_.gradient, y);
    slots_.corrections = emit.slot(name() + ".corrections", {2, y.shape[1]}, DType::f32);
    emit.step(name() + ".corrections", {}, {slots_.corrections}, 0,
              [corrections = slots_.corrections](const Run& run) { set_zero(run.stream, run[corrections]); });
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) layer->backward(emit, slots_);
    emit_input_gradient(emit);
  }

  void describe(Description& d) const override {
    std::string all = d.of(x_);
    for (const DenseLayer& layer : layers_) {
      all = d.node("Concat", layer.name() + ".all", {all, layer.describe(d, all)}, {{"axis", int64_t{1}}});
    }
    d.set(out_.y, all);
  }

 private:
  // The caller wants to see the gradient of y, which the layers would use up.
  Slot copied(Emitter& emit, Slot gradient, const ValueInfo& y) const {
    const Slot copy = emit.slot(name() + ".gradient_copy", y.shape, y.gradient_dtype, y.layout);
    emit.step(name() + ".gradient_copy", {gradient}, {copy}, 0,
              [gradient, copy](const Run& run) { copy_with_statistics(run.stream, run[gradient], run[copy], nullptr); });
    return copy;
  }

  void emit_input_gradient(Emitter& emit) {
    const Emitter::Target target = emit.target(x_);
    if (!target) return;
    const ValueInfo& x = emit.graph().info(x_);
    const BlockPart part{0, x.shape[0], 0, x.shape[1]};
    if (slots_.statistics) emit_joint_sums(emit, name() + ".joint_corrections", slots_.corrections, 0, x.shape[1]);
    const Slot fresh =
        target.accumulate ? emit.slot(name() + ".input_gradient", x.shape, x.gradient_dtype, x.layout) : target.slot;
    emit.step(name() + ".input.backward", {slots_.buffer, slots_.statistics, slots_.gradient, slots_.corrections}, {fresh}, 0,
              [block = slots_, part, fresh](const Run& run) { finish_gradient(run, block, part, run[fresh]); });
    if (!target.accumulate) return;
    emit.step(name() + ".input.add", {fresh, target.slot}, {target.slot}, 0,
              [fresh, to = target.slot](const Run& run) { add_forward(run.stream, run[fresh], run[to], run[to]); });
  }

  Value x_;
  std::vector<DenseLayer> layers_;
  DenseBlockOutput out_;
  DenseBlockSlots slots_;
};

}  // namespace

DenseBlockOutput dense_block(Graph& g, const std::string& name, Value x, const DenseBlockSpec& spec) {
  const ValueInfo in = g.info(x);
  if (in.shape.rank() != 4 || in.layout != g.layout())
    throw Error(Fault::defect, str(name, ": x is ", in.shape, ", [N,C,H,W] in the layout of the device is expected"));
  std::vector<DenseLayer> layers;
  std::vector<Value> inputs{x};
  int64_t channels = in.shape[1];
  for (int64_t i = 0; i < spec.layers; ++i) {
    layers.emplace_back(g, str(name, ".denselayer", i + 1), channels, spec.bottleneck * spec.growth, spec.growth);
    layers.back().append_inputs(inputs);
    channels += spec.growth;
  }
  auto& op = g.add<DenseBlock>(name, inputs, x, std::move(layers));
  DenseBlockOutput out;
  out.y = g.output_of(op, name, {in.shape[0], channels, in.shape[2], in.shape[3]}, in.dtype, g.layout());
  if (spec.fp32_gradient) g.set_gradient_dtype(out.y, DType::f32);
  if (g.training()) out.statistics = g.output_of(op, name + ".statistics", {2, channels}, DType::f32, Layout::plain, false);
  op.set_outputs(out);
  return out;
}

}  // namespace thorax
