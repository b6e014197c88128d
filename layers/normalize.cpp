#include "layers/normalize.h"

#include "kernels/normalize.h"
#include "tensor/description.h"
#include "tensor/on_device.h"
#include "tensor/planner.h"

namespace thorax {

namespace {

class Normalize final : public Op {
 public:
  Normalize(std::string name, Value bytes, float mean, float std, const SampleMap* moves)
      : Op(std::move(name), {bytes}), mean_(mean), std_(std), moves_(moves) {}

  void forward(Emitter& emit) override {
    const Slot x = emit.of(inputs()[0]);
    const Slot y = emit.of(outputs()[0]);
    const auto images = static_cast<size_t>(emit.graph().info(inputs()[0]).shape[0]);
    const OnDevice<const SampleMap> moves(emit, name() + ".moves", moves_, moves_ != nullptr ? images : 0);
    emit.step(name(), {x, moves.slot()}, {y}, 0, [x, y, moves, mean = mean_, std = std_](const Run& run) {
      ::thorax::normalize(run.stream, run[x], mean, std, run[y], moves.in(run));
    });
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
  const SampleMap* moves_;
};

}  // namespace

Value normalize(Graph& g, const std::string& name, Value bytes, float mean, float std, const SampleMap* moves) {
  auto& op = g.add<Normalize>(name, bytes, mean, std, moves);
  return g.output_of(op, name + ".out", g.info(bytes).shape, g.dtype(), Layout::plain, false);
}

}  // namespace thorax
