#include "explain/dot.h"

#include "kernels/linear.h"
#include "kernels/zero.h"
#include "tensor/planner.h"

namespace thorax::explain {

namespace {

// The same memory as one row.
Tensor row(Tensor t) {
  t.shape = {1, t.count()};
  return t;
}

// A linear layer of one output whose weights are an input of the program.
class Dot final : public Op {
 public:
  Dot(std::string name, Value x, Value weight) : Op(std::move(name), {x, weight}) {}

  void forward(Emitter& emit) override {
    const Slot x = emit.of(inputs()[0]);
    const Slot weight = emit.of(inputs()[1]);
    const Slot y = emit.of(outputs()[0]);
    const Slot bias = emit.slot(name() + ".bias", {1}, DType::f32);
    emit.step(name(), {x, weight}, {y, bias}, 0, [x, weight, y, bias](const Run& run) {
      set_zero(run.stream, run[bias]);
      linear_forward(run.stream, row(run[x]), row(run[weight]), run[bias], row(run[y]));
    });
  }

  void backward(Emitter& emit) override {
    const Slot weight = emit.of(inputs()[1]);
    const Slot dy = emit.gradient(outputs()[0]);
    const Emitter::Target dx = emit.target(inputs()[0]);
    emit.step(name() + ".backward", {weight, dy, dx.accumulate ? dx.slot : Slot{}}, {dx.slot}, 0,
              [weight, dy, dx](const Run& run) {
                linear_backward_data(run.stream, row(run[dy]), row(run[weight]), row(run[dx.slot]), dx.accumulate);
              });
  }
};

}  // namespace

Value dot(Graph& g, const std::string& name, Value x, Value weight) {
  auto& op = g.add<Dot>(name, x, weight);
  return g.output_of(op, name + ".out", {1, 1}, DType::f32, Layout::plain);
}

}  // namespace thorax::explain
