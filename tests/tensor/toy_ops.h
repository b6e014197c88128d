// Plain f32 ops for tests of the engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tensor/planner.h"

namespace thorax::test {

// y = x_0 * x_1 * ... elementwise; an input may stand several times.
class Product final : public Op {
 public:
  Product(std::string name, std::vector<Value> inputs) : Op(std::move(name), std::move(inputs)) {}
  void forward(Emitter& emit) override {
    slots_.clear();
    for (Value v : inputs()) slots_.push_back(emit.of(v));
    const Slot y = emit.of(outputs()[0]);
    emit.step(name(), slots_, {y}, 0, [slots = slots_, y](const Run& run) {
      const Tensor out = run[y];
      for (int64_t i = 0; i < out.count(); ++i) {
        float p = 1;
        for (Slot s : slots) p *= run[s].as<float>()[i];
        out.as<float>()[i] = p;
      }
    });
  }
  void backward(Emitter& emit) override {
    const Slot dy = emit.gradient(outputs()[0]);
    for (size_t k = 0; k < inputs().size(); ++k) {
      const Emitter::Target t = emit.target(inputs()[k]);
      if (!t) continue;
      std::vector<Slot> reads = slots_;
      reads.push_back(dy);
      if (t.accumulate) reads.push_back(t.slot);
      emit.step(name() + ".backward", reads, {t.slot}, 0, [slots = slots_, dy, t, k](const Run& run) {
        const Tensor dx = run[t.slot];
        for (int64_t i = 0; i < dx.count(); ++i) {
          float p = run[dy].as<float>()[i];
          for (size_t j = 0; j < slots.size(); ++j) p *= j == k ? 1.0F : run[slots[j]].as<float>()[i];
          dx.as<float>()[i] = (t.accumulate ? dx.as<float>()[i] : 0.0F) + p;
        }
      });
    }
  }

 private:
  std::vector<Slot> slots_;
};

// y = sum of all elements: a scalar.
class Sum final : public Op {
 public:
  Sum(std::string name, Value x) : Op(std::move(name), {x}) {}
  void forward(Emitter& emit) override {
    const Slot x = emit.of(inputs()[0]);
    const Slot y = emit.of(outputs()[0]);
    emit.step(name(), {x}, {y}, 0, [x, y](const Run& run) {
      float sum = 0;
      for (int64_t i = 0; i < run[x].count(); ++i) sum += run[x].as<float>()[i];
      *run[y].as<float>() = sum;
    });
  }
  void backward(Emitter& emit) override {
    const Slot dy = emit.gradient(outputs()[0]);
    const Emitter::Target t = emit.target(inputs()[0]);
    emit.step(name() + ".backward", {dy, t.accumulate ? t.slot : Slot{}}, {t.slot}, 0, [dy, t](const Run& run) {
      const Tensor dx = run[t.slot];
      for (int64_t i = 0; i < dx.count(); ++i)
        dx.as<float>()[i] = (t.accumulate ? dx.as<float>()[i] : 0.0F) + *run[dy].as<float>();
    });
  }
};

// Two outputs: x and -x.
class Split final : public Op {
 public:
  Split(std::string name, Value x) : Op(std::move(name), {x}) {}
  void forward(Emitter& emit) override {
    const Slot x = emit.of(inputs()[0]);
    for (int k = 0; k < 2; ++k) {
      const Slot y = emit.of(outputs()[static_cast<size_t>(k)]);
      emit.step(name(), {x}, {y}, 0, [x, y, sign = k == 0 ? 1.0F : -1.0F](const Run& run) {
        for (int64_t i = 0; i < run[x].count(); ++i) run[y].as<float>()[i] = sign * run[x].as<float>()[i];
      });
    }
  }
  void backward(Emitter& emit) override {
    const Slot d0 = emit.gradient(outputs()[0]);
    const Slot d1 = emit.gradient(outputs()[1]);
    const Emitter::Target t = emit.target(inputs()[0]);
    emit.step(name() + ".backward", {d0, d1, t.accumulate ? t.slot : Slot{}}, {t.slot}, 0, [d0, d1, t](const Run& run) {
      const Tensor dx = run[t.slot];
      for (int64_t i = 0; i < dx.count(); ++i) {
        float sum = t.accumulate ? dx.as<float>()[i] : 0.0F;
        if (d0) sum += run[d0].as<float>()[i];
        if (d1) sum -= run[d1].as<float>()[i];
        dx.as<float>()[i] = sum;
      }
    });
  }
};

inline Value product(Graph& g, const std::string& name, const std::vector<Value>& inputs) {
  auto& op = g.add<Product>(name, inputs);
  return g.output_of(op, name, g.info(inputs[0]).shape, DType::f32, Layout::plain);
}
inline Value sum(Graph& g, const std::string& name, Value x) {
  auto& op = g.add<Sum>(name, x);
  return g.output_of(op, name, {}, DType::f32, Layout::plain);
}
inline std::pair<Value, Value> split(Graph& g, const std::string& name, Value x) {
  auto& op = g.add<Split>(name, x);
  const Value a = g.output_of(op, name + ".0", g.info(x).shape, DType::f32, Layout::plain);
  const Value b = g.output_of(op, name + ".1", g.info(x).shape, DType::f32, Layout::plain);
  return {a, b};
}

}  // namespace thorax::test
