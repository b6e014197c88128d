#include "layers/residual.h"

#include "kernels/residual.h"
#include "layers/batch_norm_values.h"
#include "layers/describe.h"

namespace thorax {

namespace {

// The memory of a summand.
struct SummandSlots {
  Slot x, statistics;
  std::optional<BatchNormSlots> norm;

  SummandSlots() = default;
  SummandSlots(Emitter& emit, const Summand& s) : x(emit.of(s.x)), statistics(s.statistics ? emit.of(s.statistics) : Slot{}) {
    if (s.norm) norm.emplace(emit, *s.norm);
  }
  std::vector<Slot> reads() const { return norm ? joined(std::vector<Slot>{x}, norm->reads(statistics)) : std::vector<Slot>{x}; }
};

// A summand while a step runs.
struct SummandView {
  std::optional<BatchNorm> norm;
  Tensor x;
  SummandView(const Run& run, const SummandSlots& s) : x(run[s.x]) {
    if (s.norm) norm = s.norm->view(run, s.statistics);
  }
  ResidualBranch branch() const { return {x, norm ? &*norm : nullptr}; }
};

// Where a summand's gradients go, and its totals over the batch.
struct SummandGradient {
  Emitter::Target target;
  BatchNormGradients norm;
  Slot sums, totals;  // null without a batch norm
  bool batch_statistics = false;

  SummandGradient(Emitter& emit, const Summand& s, const Shape& shape)
      : target(emit.target(s.x)), batch_statistics(static_cast<bool>(s.statistics)) {
    if (!s.norm) return;
    norm = BatchNormGradients(emit, *s.norm);
    sums =
        emit.slot(s.norm_name + ".sums", {partial_sums(emit.stream(), shape[0], shape[2] * shape[3]), 2, shape[1]}, DType::f32);
    totals = emit.slot(s.norm_name + ".totals", {2, shape[1]}, DType::f32);
  }
  std::vector<Slot> writes() const { return {sums, totals, norm.gamma.slot, norm.beta.slot}; }
  void finish(const Run& run) const {
    if (const Tensor s = run[sums]) norm.finish(run, s, run[totals].as<float>());
  }
  ResidualGradient view(const Run& run) const {
    ResidualGradient g{target ? Slice(run[target.slot]) : Slice(), target.accumulate, nullptr, nullptr};
    const Tensor t = run[totals];
    if (!t || !batch_statistics) return g;
    g.sum_dz = t.as<float>();
    g.sum_dz_xhat = g.sum_dz + t.shape[1];
    return g;
  }
};

std::string describe_summand(Description& d, const Summand& s) {
  return s.norm ? describe_batch_norm(d, s.norm_name, d.of(s.x), *s.norm, false) : d.of(s.x);
}

class Residual final : public Op {
 public:
  Residual(std::string name, std::vector<Value> inputs, Summand branch, Summand shortcut)
      : Op(std::move(name), std::move(inputs)), branch_(std::move(branch)), shortcut_(std::move(shortcut)) {}

  void forward(Emitter& emit) override {
    const Slot y = emit.of(outputs()[0]);
    const Shape shape = emit.graph().info(outputs()[0]).shape;
    left_ = SummandSlots(emit, branch_);
    right_ = SummandSlots(emit, shortcut_);
    emit.step(name(), joined(left_.reads(), right_.reads()), {y}, 0, [left = left_, right = right_, y](const Run& run) {
      residual_forward(run.stream, SummandView(run, left).branch(), SummandView(run, right).branch(), run[y]);
    });
    const int64_t pixels = shape[2] * shape[3];
    if (left_.statistics) left_.norm->emit_running_update(emit, branch_.norm_name, left_.statistics, shape[0], pixels);
    if (right_.statistics) right_.norm->emit_running_update(emit, shortcut_.norm_name, right_.statistics, shape[0], pixels);
  }

  void backward(Emitter& emit) override {
    const Shape shape = emit.graph().info(outputs()[0]).shape;
    const Slot y = emit.of(outputs()[0]);
    const Slot dy = emit.gradient(outputs()[0]);
    const SummandGradient left(emit, branch_, shape);
    const SummandGradient right(emit, shortcut_, shape);
    emit.step(name() + ".sums", joined(std::vector<Slot>{y, dy}, left_.reads(), right_.reads()),
              joined(left.writes(), right.writes()), 0, [a = left_, b = right_, left, right, y, dy](const Run& run) {
                residual_backward_sums(run.stream, SummandView(run, a).branch(), SummandView(run, b).branch(), run[dy], run[y],
                                       run[left.sums].as<float>(), run[right.sums].as<float>());
                left.finish(run);
                right.finish(run);
              });
    if (left.totals && left.batch_statistics) emit_joint_sums(emit, name() + ".left.joint_sums", left.totals, 0, shape[1]);
    if (right.totals && right.batch_statistics) emit_joint_sums(emit, name() + ".right.joint_sums", right.totals, 0, shape[1]);
    if (!left.target && !right.target) return;
    emit.step(name() + ".backward",
              joined(std::vector<Slot>{y, dy, left.totals, right.totals, left.target.accumulate ? left.target.slot : Slot{},
                                       right.target.accumulate ? right.target.slot : Slot{}},
                     left_.reads(), right_.reads()),
              {left.target.slot, right.target.slot}, 0,
              [a = left_, b = right_, left, right, y, dy,
               count = statistics_images(emit, shape[0]) * shape[2] * shape[3]](const Run& run) {
                residual_backward_apply(run.stream, SummandView(run, a).branch(), SummandView(run, b).branch(), run[dy], run[y],
                                        count, left.view(run), right.view(run));
              });
  }

  void describe(Description& d) const override {
    const std::string sum = d.node("Add", name() + ".sum", {describe_summand(d, branch_), describe_summand(d, shortcut_)});
    d.set(outputs()[0], d.node("Relu", name() + ".y", {sum}));
  }

 private:
  Summand branch_, shortcut_;
  SummandSlots left_, right_;
};

}  // namespace

Summand normalised(Graph& g, const std::string& norm_name, const ConvOutput& x) {
  return {x.y, x.statistics, norm_name, batch_norm_values(g, norm_name, g.info(x.y).shape[1])};
}

Value residual_add_relu(Graph& g, const std::string& name, const Summand& branch, const Summand& shortcut) {
  const ValueInfo in = g.info(branch.x);
  const ValueInfo other = g.info(shortcut.x);
  if (!branch.norm || in.shape != other.shape || in.layout != g.layout()) {
    throw Error(Fault::defect, str(name, ": the branch is ", in.shape, ", the shortcut ", other.shape,
                                   "; one shape in the layout of the device, and a batch norm in the branch, are expected"));
  }
  std::vector<Value> inputs;
  for (const Summand* s : {&branch, &shortcut}) {
    inputs.push_back(s->x);
    if (s->statistics) inputs.push_back(s->statistics);
    if (s->norm) s->norm->append_to(inputs);
  }
  auto& op = g.add<Residual>(name, inputs, branch, shortcut);
  return g.output_of(op, name + ".out", in.shape, in.dtype, g.layout());
}

}  // namespace thorax
