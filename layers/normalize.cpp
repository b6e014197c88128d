#include "layers/normalize.h"

#include "kernels/normalize.h"
#include "tensor/planner.h"

namespace thorax {

namespace {

class Normalize final : public Op {
 public:
  Normalize(std::string name, Value bytes, float mean, float std) : Op(std::move(name), {bytes}), mean_(mean), std_(std) {}

  void forward(Emitter& emit) override {
    const Slot x = emit.of(inputs()[0]);
    const Slot y = emit.of(outputs()[0]);
    emit.step(name(), {x}, {y}, 0,
              [x, y, mean = mean_, std = std_](const Run& run) { ::thorax::normalize(run.stream, run[x], mean, std, run[y]); });
  }
  void backward(Emitter&) override {}  // bytes have no gradient

 private:
  float mean_, std_;
};

}  // namespace

Value normalize(Graph& g, const std::string& name, Value bytes, float mean, float std) {
  auto& op = g.add<Normalize>(name, bytes, mean, std);
  return g.output_of(op, name + ".out", g.info(bytes).shape, g.dtype(), Layout::plain, false);
}

}  // namespace thorax
