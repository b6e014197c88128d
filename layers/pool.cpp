#include "layers/pool.h"

#include "kernels/avg_pool.h"
#include "kernels/max_pool.h"
#include "tensor/description.h"
#include "tensor/planner.h"

namespace thorax {

namespace {

class MaxPool final : public Op {
 public:
  MaxPool(std::string name, Value x, Window window) : Op(std::move(name), {x}), window_(window) {}

  void forward(Emitter& emit) override {
    const Slot x = emit.of(inputs()[0]);
    const Slot y = emit.of(outputs()[0]);
    index_ = emit.slot(name() + ".index", emit.graph().info(outputs()[0]).shape, DType::u8, emit.graph().layout());
    emit.step(name(), {x}, {y, index_}, 0, [x, y, index = index_, window = window_](const Run& run) {
      max_pool_forward(run.stream, run[x], window, run[y], run[index]);
    });
  }

  void backward(Emitter& emit) override {
    const Slot dy = emit.gradient(outputs()[0]);
    const Emitter::Target target = emit.target(inputs()[0]);
    emit.step(name() + ".backward", {dy, index_, target.accumulate ? target.slot : Slot{}}, {target.slot}, 0,
              [dy, index = index_, window = window_, target](const Run& run) {
                max_pool_backward(run.stream, run[dy], run[index], window, run[target.slot], target.accumulate);
              });
  }

  void describe(Description& d) const override {
    const auto& [kernel, stride, pad] = window_;
    d.set(outputs()[0], d.node("MaxPool", name() + ".y", {d.of(inputs()[0])},
                               {{"kernel_shape", std::vector{kernel, kernel}},
                                {"pads", std::vector{pad, pad, pad, pad}},
                                {"strides", std::vector{stride, stride}}}));
  }

 private:
  Window window_;
  Slot index_;
};

class GlobalAvgPool final : public Op {
 public:
  GlobalAvgPool(std::string name, Value x) : Op(std::move(name), {x}) {}

  void forward(Emitter& emit) override {
    const Slot x = emit.of(inputs()[0]);
    const Slot y = emit.of(outputs()[0]);
    emit.step(name(), {x}, {y}, 0, [x, y](const Run& run) { global_avg_pool_forward(run.stream, run[x], run[y]); });
  }

  void backward(Emitter& emit) override {
    const Slot dy = emit.gradient(outputs()[0]);
    const Emitter::Target target = emit.target(inputs()[0]);
    emit.step(
        name() + ".backward", {dy, target.accumulate ? target.slot : Slot{}}, {target.slot}, 0,
        [dy, target](const Run& run) { global_avg_pool_backward(run.stream, run[dy], run[target.slot], target.accumulate); });
  }

  void describe(Description& d) const override {
    const std::string mean = d.node("GlobalAveragePool", name() + ".mean", {d.of(inputs()[0])});
    d.set(outputs()[0], d.node("Flatten", name() + ".y", {mean}, {{"axis", int64_t{1}}}));
  }
};

}  // namespace

Value max_pool(Graph& g, const std::string& name, Value x, int64_t kernel, int64_t stride, int64_t pad) {
  const ValueInfo in = g.info(x);
  auto& op = g.add<MaxPool>(name, x, Window{kernel, stride, pad});
  const auto out = [&](int64_t size) { return (size + 2 * pad - kernel) / stride + 1; };
  return g.output_of(op, name + ".out", {in.shape[0], in.shape[1], out(in.shape[2]), out(in.shape[3])}, in.dtype, g.layout());
}

Value global_avg_pool(Graph& g, const std::string& name, Value x) {
  const ValueInfo in = g.info(x);
  auto& op = g.add<GlobalAvgPool>(name, x);
  return g.output_of(op, name + ".out", {in.shape[0], in.shape[1]}, DType::f32, Layout::plain);
}

}  // namespace thorax
