#include "layers/transition.h"

#include <optional>

#include "layers/batch_norm_values.h"
#include "layers/conv_step.h"
#include "layers/describe.h"

namespace thorax {

namespace {

class Transition final : public Op {
 public:
  Transition(std::string name, std::vector<Value> inputs, const DenseBlockOutput& block, const BatchNormValues& norm,
             Value filter)
      : Op(std::move(name), std::move(inputs)), block_(block), norm_(norm), filter_(filter) {}

  void forward(Emitter& emit) override {
    const ValueInfo& x = emit.graph().info(block_.y);
    const ValueInfo& y = emit.graph().info(outputs()[0]);
    const int64_t channels = x.shape[1];
    const int64_t threads = emit.stream().threads;
    conv_.emplace(name() + ".conv",
                  Conv2dShape{x.shape[0], channels, y.shape[2], y.shape[3], y.shape[1], 1, 1, 0, x.dtype, false},
                  Grouping{1, x.shape[0], static_cast<int>(threads), 1}, filter_);
    conv_->plan_forward(emit);
    slots_ = BatchNormSlots(emit, norm_);
    statistics_ = block_.statistics ? emit.of(block_.statistics) : Slot{};
    pooled_ = emit.slot(name() + ".pooled", {x.shape[0], channels, y.shape[2], y.shape[3]}, x.dtype, x.layout);
    const Slot from = emit.of(block_.y);
    const Slot to = emit.of(outputs()[0]);
    emit.step(name() + ".pool", joined(std::vector<Slot>{from}, slots_.reads(statistics_)), {pooled_}, 0,
              [slots = slots_, statistics = statistics_, from, pooled = pooled_](const Run& run) {
                batch_norm_relu_avg_pool_forward(run.stream, run[from], slots.view(run, statistics), run[pooled]);
              });
    emit.step(name() + ".conv", joined(std::vector<Slot>{pooled_}, conv_->forward_reads()),
              joined(std::vector<Slot>{to}, conv_->forward_writes()), conv_->flops(),
              [conv = *conv_, pooled = pooled_, to](const Run& run) { conv.forward(run, 0, run[pooled].data, run[to].data); });
    if (statistics_) slots_.emit_running_update(emit, name() + ".norm", statistics_, x.shape[0], x.shape[2] * x.shape[3]);
  }

  void backward(Emitter& emit) override {
    const ValueInfo& x = emit.graph().info(block_.y);
    const ValueInfo& y = emit.graph().info(outputs()[0]);
    const Slot dy = emit.gradient(outputs()[0]);
    const Slot dpooled =
        emit.slot(name() + ".pooled_gradient", {x.shape[0], x.shape[1], y.shape[2], y.shape[3]}, x.dtype, x.layout);
    conv_->plan_backward(emit, true);
    emit.step(name() + ".conv.backward", joined(std::vector<Slot>{dy, pooled_}, conv_->data_reads()),
              joined(std::vector<Slot>{dpooled}, conv_->data_writes(), conv_->filter_writes()), 2 * conv_->flops(),
              [conv = *conv_, dy, pooled = pooled_, dpooled](const Run& run) {
                if (conv.wants_filter()) {
                  conv.backward_filter(run, 0, true, run[pooled].data, run[dy].data);
                  conv.finish_filter(run);
                }
                conv.backward_data(run, 0, run[dy].data, run[dpooled].data);
              });
    emit_pool_backward(emit, dpooled, x.shape);
  }

  void describe(Description& d) const override {
    const std::string x = describe_batch_norm(d, name() + ".norm", d.of(block_.y), norm_, true);
    const std::string pooled = d.node("AveragePool", name() + ".pooled", {x},
                                      {{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}});
    d.set(outputs()[0], describe_conv(d, name() + ".conv", pooled, d.of(filter_), 1, 1, 0));
  }

 private:
  void emit_pool_backward(Emitter& emit, Slot dpooled, const Shape& shape) const {
    const Slot x = emit.of(block_.y);
    const BatchNormGradients gradients(emit, norm_);
    const int64_t parts = partial_sums(emit.stream(), shape[0], shape[2] / 2 * (shape[3] / 2));
    const Slot sums = emit.slot(name() + ".sums", {parts, 2, shape[1]}, DType::f32);
    const Slot totals = emit.slot(name() + ".totals", {2, shape[1]}, DType::f32);
    emit.step(name() + ".norm.sums", joined(std::vector<Slot>{x, dpooled}, slots_.reads(statistics_)),
              {sums, totals, gradients.gamma.slot, gradients.beta.slot}, 0,
              [slots = slots_, statistics = statistics_, x, dpooled, sums, totals, gradients](const Run& run) {
                auto* partials = run[sums].as<float>();
                batch_norm_relu_avg_pool_backward_sums(run.stream, run[x], run[dpooled], slots.view(run, statistics), partials);
                gradients.finish(run, run[sums], run[totals].as<float>());
              });
    if (statistics_) emit_joint_sums(emit, name() + ".norm.joint_sums", totals, 0, shape[1]);
    const Emitter::Target target = emit.target(block_.y);
    if (!target) return;
    const int64_t count = statistics_images(emit, shape[0]) * shape[2] * shape[3];
    emit.step(name() + ".norm.backward",
              joined(std::vector<Slot>{x, dpooled, totals, target.accumulate ? target.slot : Slot{}}, slots_.reads(statistics_)),
              {target.slot}, 0,
              [slots = slots_, statistics = statistics_, x, dpooled, totals, target, shape, count](const Run& run) {
                const float* total = statistics ? run[totals].as<float>() : nullptr;
                batch_norm_relu_avg_pool_backward_apply(run.stream, run[x], run[dpooled], slots.view(run, statistics), total,
                                                        total != nullptr ? total + shape[1] : nullptr, count, run[target.slot],
                                                        target.accumulate);
              });
  }

  DenseBlockOutput block_;
  BatchNormValues norm_;
  Value filter_;
  std::optional<ConvStep> conv_;
  BatchNormSlots slots_;
  Slot statistics_, pooled_;
};

}  // namespace

Value transition(Graph& g, const std::string& name, const DenseBlockOutput& block, int64_t out_channels) {
  const ValueInfo x = g.info(block.y);
  const BatchNormValues norm = batch_norm_values(g, name + ".norm", x.shape[1]);
  const Value filter = conv_filter(g, name + ".conv", out_channels, x.shape[1], 1, Fan::in);
  std::vector<Value> inputs{block.y};
  if (block.statistics) inputs.push_back(block.statistics);
  norm.append_to(inputs);
  inputs.push_back(filter);
  auto& op = g.add<Transition>(name, inputs, block, norm, filter);
  return g.output_of(op, name + ".out", {x.shape[0], out_channels, x.shape[2] / 2, x.shape[3] / 2}, x.dtype, x.layout);
}

}  // namespace thorax
