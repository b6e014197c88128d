#include "layers/batch_norm_relu.h"

#include "layers/batch_norm_values.h"
#include "layers/describe.h"

namespace thorax {

namespace {

class BatchNormRelu final : public Op {
 public:
  BatchNormRelu(std::string name, std::vector<Value> inputs, Value x, Value statistics, const BatchNormValues& values, bool relu)
      : Op(std::move(name), std::move(inputs)), x_(x), given_(statistics), values_(values), relu_(relu) {}

  void forward(Emitter& emit) override {
    const Shape shape = emit.graph().info(x_).shape;
    slots_ = BatchNormSlots(emit, values_);
    const Slot x = emit.of(x_);
    const Slot y = emit.of(outputs()[0]);
    const int64_t pixels = shape[2] * shape[3];
    statistics_ = {};
    if (emit.graph().training()) {
      statistics_ = given_ ? emit.of(given_) : emit_statistics(emit, x, shape);
      slots_.emit_running_update(emit, name(), statistics_, shape[0], pixels);
    }
    emit.step(name(), joined(std::vector<Slot>{x}, slots_.reads(statistics_)), {y}, 0,
              [slots = slots_, statistics = statistics_, x, y, relu = relu_](const Run& run) {
                batch_norm_relu_forward(run.stream, run[x], slots.view(run, statistics), run[y], relu);
              });
  }

  void backward(Emitter& emit) override {
    const Shape shape = emit.graph().info(x_).shape;
    const Slot x = emit.of(x_);
    const Slot dy = emit.gradient(outputs()[0]);
    const BatchNormGradients gradients(emit, values_);
    const int64_t parts = partial_sums(emit.stream(), shape[0], shape[2] * shape[3]);
    const Slot sums = emit.slot(name() + ".sums", {parts, 2, shape[1]}, DType::f32);
    const Slot totals = emit.slot(name() + ".totals", {2, shape[1]}, DType::f32);
    emit.step(name() + ".sums", joined(std::vector<Slot>{x, dy}, slots_.reads(statistics_)),
              {sums, totals, gradients.gamma.slot, gradients.beta.slot}, 0,
              [slots = slots_, statistics = statistics_, x, dy, sums, totals, gradients, relu = relu_](const Run& run) {
                auto* partials = run[sums].as<float>();
                batch_norm_relu_backward_sums(run.stream, run[x], run[dy], slots.view(run, statistics), relu, partials);
                gradients.finish(run, run[sums], run[totals].as<float>());
              });
    if (statistics_) emit_joint_sums(emit, name() + ".joint_sums", totals, 0, shape[1]);
    const Emitter::Target target = emit.target(x_);
    if (!target) return;
    const int64_t count = statistics_images(emit, shape[0]) * shape[2] * shape[3];
    emit.step(name() + ".backward",
              joined(std::vector<Slot>{x, dy, totals, target.accumulate ? target.slot : Slot{}}, slots_.reads(statistics_)),
              {target.slot}, 0,
              [slots = slots_, statistics = statistics_, x, dy, totals, target, shape, count, relu = relu_](const Run& run) {
                const float* total = statistics ? run[totals].as<float>() : nullptr;
                batch_norm_relu_backward_apply(run.stream, run[x], run[dy], slots.view(run, statistics), relu, total,
                                               total != nullptr ? total + shape[1] : nullptr, count, run[target.slot],
                                               target.accumulate);
              });
  }

  void describe(Description& d) const override { d.set(outputs()[0], describe_batch_norm(d, name(), d.of(x_), values_, relu_)); }

 private:
  Slot emit_statistics(Emitter& emit, Slot x, const Shape& shape) const {
    const Slot statistics = emit.slot(name() + ".statistics", {2, shape[1]}, DType::f32);
    const int64_t parts = partial_sums(emit.stream(), shape[0], shape[2] * shape[3]);
    const Slot partial = emit.slot(name() + ".partial", {parts, 2, shape[1]}, DType::f32);
    emit.step(name() + ".statistics", {x}, {statistics, partial}, 0, [x, statistics, partial, shape](const Run& run) {
      auto* partials = run[partial].as<float>();
      auto* mean = run[statistics].as<float>();
      channel_statistics(run.stream, run[x], partials);
      merge_statistics(run.stream, partials, shape[0], shape[1], shape[2] * shape[3], mean, mean + shape[1]);
    });
    emit_joint_statistics(emit, name() + ".joint_statistics", statistics, 0, shape[1], shape[2] * shape[3]);
    return statistics;
  }

  Value x_, given_;
  BatchNormValues values_;
  bool relu_;
  BatchNormSlots slots_;
  Slot statistics_;
};

}  // namespace

Value batch_norm_relu(Graph& g, const std::string& name, Value x, Value statistics, bool relu) {
  const ValueInfo in = g.info(x);
  const BatchNormValues values = batch_norm_values(g, name, in.shape[1]);
  std::vector<Value> inputs{x};
  if (statistics) inputs.push_back(statistics);
  values.append_to(inputs);
  auto& op = g.add<BatchNormRelu>(name, inputs, x, statistics, values, relu);
  return g.output_of(op, name + ".out", in.shape, in.dtype, g.layout());
}

}  // namespace thorax
