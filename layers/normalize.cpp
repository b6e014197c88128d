#include "layers/normalize.h"

#include "kernels/normalize.h"
#include "tensor/description.h"
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

  void describe(Description& d) const override {
    constexpr int64_t f32 = 1;  // ONNX's number of the dtype
    const auto number = [&](const char* what, float value) { return d.constant(name() + what, {1}, {value}); };
    std::string x = d.node("Cast", name() + ".cast", {d.of(inputs()[0])}, {{"to", f32}});
    x = d.node("Div", name() + ".scaled", {x, number(".white", 255.0F)});
    x = d.node("Sub", name() + ".centred", {x, number(".mean", mean_)});
    d.set(outputs()[0], d.node("Div", name() + ".y", {x, number(".std", std_)}));
  }

 private:
  float mean_, std_;
};

}  // namespace

Value normalize(Graph& g, const std::string& name, Value bytes, float mean, float std) {
  auto& op = g.add<Normalize>(name, bytes, mean, std);
  return g.output_of(op, name + ".out", g.info(bytes).shape, g.dtype(), Layout::plain, false);
}

}  // namespace thorax
