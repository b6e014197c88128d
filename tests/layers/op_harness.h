// An op in the engine beside the same in naive double: its output, and the gradients of its input and of every parameter, which
// are central differences of the naive one.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <optional>

#include "kernels/layout.h"
#include "kernels/statistics.h"
#include "kernels/zero.h"
#include "tensor/planner.h"
#include "tests/kernels/activation.h"
#include "tests/layers/naive_dense_block.h"

namespace thorax::test {

// from, f32, to `to` of either type.
inline void copy_on_gpu(const Stream& stream, const Tensor& from, const Tensor& to) {
  if (from.layout == Layout::nhwc) return copy_with_statistics(stream, from, to, nullptr);
  stream.queue->copy(to.data, from.data, to.bytes());
}

// Plain values to and from an nhwc tensor.
template <class F>
void each_of_nhwc(const Tensor& t, const F& f) {  // f(place in the plain order, place in t)
  const Shape& s = t.shape;
  int64_t plain = 0;
  each(s, [&](auto n, auto c, auto h, auto w) { f(plain++, ((n * s[2] + h) * s[3] + w) * s[1] + c); });
}

// loss = sum of y_k * r_k over the pairs (y_k, r_k): its gradient with respect to y_k is r_k.
class Weighted final : public Op {
 public:
  explicit Weighted(std::vector<Value> pairs) : Op("weighted", std::move(pairs)) {}
  void forward(Emitter& emit) override {
    const Slot loss = emit.of(outputs()[0]);
    emit.step(name(), {emit.of(inputs()[0])}, {loss}, 0, [loss](const Run& run) { set_zero(run.stream, run[loss]); });
  }
  void backward(Emitter& emit) override {
    for (size_t k = 0; k < inputs().size(); k += 2) {
      const Slot r = emit.of(inputs()[k + 1]);
      const Emitter::Target t = emit.target(inputs()[k]);
      if (!t) continue;
      CHECK(!t.accumulate);  // the last op of the graph is the first of the backward pass
      emit.step("weighted.backward", {r}, {t.slot}, 0, [r, t](const Run& run) {
        const Tensor from = run[r], to = run[t.slot];
        if (run.stream.device == Device::cuda) return copy_on_gpu(run.stream, from, to);
        for (int64_t i = 0; i < from.count(); ++i) set_element(to, i, from.as<float>()[i]);
      });
    }
  }
};

inline Volume volume_like(const Shape& s) {
  return {s[0], s[1], s.rank() > 2 ? s[2] : 1, s.rank() > 3 ? s[3] : 1};
}

inline void fill(Volume& v, uint64_t seed) {
  for (size_t i = 0; i < v.values.size(); ++i) v.values[i] = static_cast<double>(Rng(seed, 9).uniform(i, -1, 1));
}

inline void put(const Volume& v, const Tensor& t) {
  Plain plain(t.shape);
  for (size_t i = 0; i < v.values.size(); ++i) plain.values[i] = static_cast<float>(v.values[i]);
  if (t.layout == Layout::blocked) return plain_to_blocked(one_thread, plain.tensor, t);
  if (t.layout == Layout::nhwc) return each_of_nhwc(t, [&](int64_t from, int64_t to) { set_element(t, to, plain[from]); });
  for (int64_t i = 0; i < t.count(); ++i) set_element(t, i, plain[i]);
}

inline void get(const Tensor& t, Volume& v) {
  Plain plain(t.shape);
  if (t.layout == Layout::blocked) {
    blocked_to_plain(one_thread, t, plain.tensor);
  } else if (t.layout == Layout::nhwc) {
    each_of_nhwc(t, [&](int64_t to, int64_t from) { plain[to] = element(t, from); });
  } else {
    for (int64_t i = 0; i < t.count(); ++i) plain[i] = element(t, i);
  }
  for (size_t i = 0; i < v.values.size(); ++i) v.values[i] = static_cast<double>(plain.values[i]);
}

inline double norm(const std::vector<double>& v) {
  double sum = 0;
  for (double x : v) sum += x * x;
  return std::sqrt(sum);
}

// || a - b ||
inline double distance(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> d(a.size());
  for (size_t i = 0; i < d.size(); ++i) d[i] = a[i] - b[i];
  return norm(d);
}

// Batch norm's scales in [0.5, 1.5), the rest of its values in [-0.2, 0.2).
inline void randomise_norms(const Store& store) {
  uint64_t i = 0;
  for (const std::string& name : store.names()) {
    const Tensor t = store.find(name);
    if (t.dtype != DType::f32 || name.find("norm") == std::string::npos) continue;
    const bool scale = name.find("weight") != std::string::npos || name.find("var") != std::string::npos;
    for (int64_t k = 0; k < t.count(); ++k) t.as<float>()[k] = Rng(5, 5).uniform(i++, scale ? 0.5F : -0.2F, scale ? 1.5F : 0.2F);
  }
}

struct OpCase {
  Shape x;
  Layout layout = test_layout();
  DType dtype = DType::f32;
  bool training = true;
  bool shared = false;  // another consumer's gradient is in x's gradient already
  int threads = 1;
  bool constant_x = false;  // no gradient flows into x
};

class OpHarness {
 public:
  using Build = std::function<Value(Graph&, Value)>;
  using Naive = std::function<Volume(const Volume&, const Store&, bool training)>;

  OpHarness(const OpCase& c, const Build& build, Naive naive, uint64_t seed)
      : case_(c), naive_(std::move(naive)), x_(volume_like(c.x)), rx_(x_), r_(x_) {
    Graph g(c.training, c.dtype, test_stream(1).device);
    const Value x = g.input("x", c.x, c.dtype, c.layout, !c.constant_x);
    const Value y = build(g, x);
    const ValueInfo out = g.info(y);
    std::vector<Value> pairs{y, g.input("r", out.shape, DType::f32, out.layout, false)};
    if (c.shared) pairs.insert(pairs.end(), {x, g.input("rx", c.x, DType::f32, c.layout, false)});
    auto& op = g.add<Weighted>(pairs);
    const Value loss = g.output_of(op, "loss", {}, DType::f32, Layout::plain);
    store_.emplace(g, 11, true, test_queue());
    randomise_norms(*store_);
    PlanOptions options;
    options.stream = test_stream(c.threads);
    options.loss = loss;
    options.keep = {y};
    if (!c.constant_x) options.gradients_of = {x};
    options.debug = true;
    program_.emplace(plan(g, options, *store_, arena_));
    r_ = volume_like(out.shape);
    fill(x_, seed), fill(r_, seed + 100), fill(rx_, seed + 200);
    put(x_, program_->tensor(x)), put(r_, program_->tensor(pairs[1]));
    get(program_->tensor(x), x_);  // what was stored, rounded
    if (c.shared) put(rx_, program_->tensor(pairs[3]));
    smallest_z = 1;
    expected_ = naive_(x_, *store_, c.training).values;
    program_->run();
    y_ = r_, dx_ = x_;
    get(program_->tensor(y), y_);
    if (!c.constant_x) get(program_->gradient(x), dx_);
  }

  void check_output(double tolerance) const {
    REQUIRE(y_.values.size() == expected_.size());
    CHECK(distance(y_.values, expected_) <= tolerance * norm(expected_));
  }

  void check_gradients(double tolerance) {
    std::vector<double> actual, expected;
    for (size_t i = 1; !case_.constant_x && i < x_.values.size(); i += std::max<size_t>(1, x_.values.size() / 40)) {
      double& at = x_.values[i];
      const double value = at, h = 1e-6;
      at = value + h;
      const double up = loss();
      at = value - h;
      expected.push_back((up - loss()) / (2 * h));
      at = value;
      actual.push_back(dx_.values[i]);
    }
    CHECK(distance(actual, expected) <= tolerance * norm(expected));
    for (const std::string& name : store_->names()) {
      if (!store_->is_parameter(name)) continue;
      CAPTURE(name);
      check_parameter(store_->find(name), store_->gradient(name), tolerance);
    }
  }

 private:
  double loss() const {
    const Volume y = naive_(x_, *store_, case_.training);
    double sum = 0;
    for (size_t i = 0; i < y.values.size(); ++i) sum += y.values[i] * r_.values[i];
    if (case_.shared) {
      for (size_t i = 0; i < x_.values.size(); ++i) sum += x_.values[i] * rx_.values[i];
    }
    return sum;
  }
  void check_parameter(const Tensor& parameter, const Tensor& gradient, double tolerance) const {
    std::vector<double> actual, expected;
    for (int64_t i = 0; i < parameter.count(); i += std::max<int64_t>(1, parameter.count() / 9)) {
      float& at = parameter.as<float>()[i];
      const float value = at, h = 1e-4F;  // the step that float really takes is what divides
      at = value + h;
      const double up = loss(), above = static_cast<double>(at);
      at = value - h;
      const double down = loss(), below = static_cast<double>(at);
      at = value;
      expected.push_back((up - down) / (above - below));
      actual.push_back(static_cast<double>(gradient.as<float>()[i]));
    }
    CHECK(distance(actual, expected) <= tolerance * norm(expected));
  }

  OpCase case_;
  Naive naive_;
  Volume x_, rx_, r_, y_{0, 0, 0, 0}, dx_{0, 0, 0, 0};
  std::vector<double> expected_;
  std::optional<Store> store_;
  Arena arena_;
  std::optional<Program> program_;
};

// Output and gradients, at the first seed at which no ReLU is near its kink (there rounding alone decides the gradient).
inline void check_op(const OpCase& c, const OpHarness::Build& build, const OpHarness::Naive& naive, double tolerance,
                     double gradient_tolerance) {
  CAPTURE(c.x);
  CAPTURE(c.dtype);
  CAPTURE(c.training);
  CAPTURE(c.shared);
  for (uint64_t seed = 1;; ++seed) {
    OpHarness harness(c, build, naive, seed);
    if (smallest_z < 2e-4 && c.dtype == DType::f32 && seed < 200) continue;
    harness.check_output(tolerance);
    harness.check_gradients(gradient_tolerance);
    return;
  }
}

}  // namespace thorax::test
