#include "layers/linear.h"

#include <cmath>

#include "kernels/linear.h"
#include "kernels/sigmoid.h"
#include "tensor/description.h"
#include "tensor/planner.h"

namespace thorax {

namespace {

class Linear final : public Op {
 public:
  Linear(std::string name, Value x, Value weight, Value bias) : Op(std::move(name), {x, weight, bias}) {}

  void forward(Emitter& emit) override {
    const Slot x = emit.of(inputs()[0]);
    const Slot weight = emit.of(inputs()[1]);
    const Slot bias = emit.of(inputs()[2]);
    const Slot y = emit.of(outputs()[0]);
    emit.step(name(), {x, weight, bias}, {y}, flops(emit),
              [x, weight, bias, y](const Run& run) { linear_forward(run.stream, run[x], run[weight], run[bias], run[y]); });
  }

  void backward(Emitter& emit) override {
    const Slot x = emit.of(inputs()[0]);
    const Slot weight = emit.of(inputs()[1]);
    const Slot dy = emit.gradient(outputs()[0]);
    const Emitter::Target dx = emit.target(inputs()[0]);
    const Emitter::Target dweight = emit.target(inputs()[1]);
    const Emitter::Target dbias = emit.target(inputs()[2]);
    const auto old = [](const Emitter::Target& t) { return t.accumulate ? t.slot : Slot{}; };
    if (dweight) {
      emit.step(name() + ".backward_weights", {x, dy, old(dweight), old(dbias)}, {dweight.slot, dbias.slot}, flops(emit),
                [x, dy, dweight, dbias](const Run& run) {
                  linear_backward_weights(run.stream, run[dy], run[x], run[dweight.slot], run[dbias.slot], dweight.accumulate);
                });
    }
    if (dx) {
      emit.step(name() + ".backward_data", {weight, dy, old(dx)}, {dx.slot}, flops(emit), [weight, dy, dx](const Run& run) {
        linear_backward_data(run.stream, run[dy], run[weight], run[dx.slot], dx.accumulate);
      });
    }
  }

  void describe(Description& d) const override {
    d.set(outputs()[0],
          d.node("Gemm", name() + ".y", {d.of(inputs()[0]), d.of(inputs()[1]), d.of(inputs()[2])}, {{"transB", int64_t{1}}}));
  }

 private:
  double flops(const Emitter& emit) const {
    const auto& weight = emit.graph().info(inputs()[1]).shape;
    return 2.0 * static_cast<double>(emit.graph().info(outputs()[0]).shape[0] * weight.count());
  }
};

class Sigmoid final : public Op {
 public:
  Sigmoid(std::string name, Value x) : Op(std::move(name), {x}) {}

  void forward(Emitter& emit) override {
    const Slot x = emit.of(inputs()[0]);
    const Slot y = emit.of(outputs()[0]);
    emit.step(name(), {x}, {y}, 0, [x, y](const Run& run) { sigmoid_forward(run.stream, run[x], run[y]); });
  }

  void backward(Emitter& emit) override {
    const Slot y = emit.of(outputs()[0]);
    const Slot dy = emit.gradient(outputs()[0]);
    const Emitter::Target target = emit.target(inputs()[0]);
    emit.step(
        name() + ".backward", {y, dy, target.accumulate ? target.slot : Slot{}}, {target.slot}, 0,
        [y, dy, target](const Run& run) { sigmoid_backward(run.stream, run[y], run[dy], run[target.slot], target.accumulate); });
  }

  void describe(Description& d) const override { d.set(outputs()[0], d.node("Sigmoid", name() + ".y", {d.of(inputs()[0])})); }
};

}  // namespace

Value linear(Graph& g, const std::string& name, Value x, int64_t out, bool zero_bias) {
  const Shape in = g.info(x).shape;
  const float bound = 1.0F / std::sqrt(static_cast<float>(in[1]));
  const Value weight = g.parameter(name + ".weight", {out, in[1]}, {Init::Kind::uniform, bound});
  const Value bias = g.parameter(name + ".bias", {out}, zero_bias ? Init{} : Init{Init::Kind::uniform, bound});
  auto& op = g.add<Linear>(name, x, weight, bias);
  return g.output_of(op, name + ".out", {in[0], out}, DType::f32, Layout::plain);
}

Value sigmoid(Graph& g, const std::string& name, Value x) {
  const Shape in = g.info(x).shape;
  auto& op = g.add<Sigmoid>(name, x);
  return g.output_of(op, name + ".out", in, DType::f32, Layout::plain);
}

}  // namespace thorax
