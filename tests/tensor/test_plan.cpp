#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <sstream>

#include "tensor/rng.h"
#include "tests/tensor/toy_ops.h"

using namespace thorax;
using namespace thorax::test;

namespace {

constexpr int64_t n = 7;

void fill(const Tensor& t, uint64_t stream) {
  const Rng rng(3, stream);
  for (int64_t i = 0; i < t.count(); ++i) t.as<float>()[i] = rng.uniform(static_cast<uint64_t>(i), 0.5F, 1.5F);
}

// The gradient of every asked Value agrees with central differences of the loss.
void check_gradients(Graph& g, Value loss, const std::vector<Value>& inputs, bool debug) {
  Store store(g, 1, true);
  Arena arena;
  PlanOptions options;
  options.loss = loss;
  options.gradients_of = inputs;
  options.debug = debug;
  Program program = plan(g, options, store, arena);
  for (size_t k = 0; k < inputs.size(); ++k) fill(program.tensor(inputs[k]), k);
  for (size_t k = 0; k < inputs.size(); ++k) {
    for (int64_t i = 0; i < n; ++i) {
      float& x = program.tensor(inputs[k]).as<float>()[i];
      const float before = x;
      const auto loss_at = [&](float value) {
        x = value;
        program.run();
        return static_cast<double>(*program.tensor(loss).as<float>());
      };
      constexpr float h = 1e-2F;
      const double numeric = (loss_at(before + h) - loss_at(before - h)) / (2.0 * h);
      loss_at(before);
      CHECK(program.gradient(inputs[k]).as<float>()[i] == doctest::Approx(numeric).epsilon(3e-3));
    }
  }
}

}  // namespace

TEST_CASE("gradients of a graph with branches, shared inputs and unused outputs") {
  for (bool debug : {false, true}) {
    Graph g(true);
    const Value a = g.input("a", {n});
    const Value b = g.input("b", {n});
    const Value ab = product(g, "ab", {a, b});
    const auto [plus, minus] = split(g, "split", ab);
    product(g, "unused", {minus, b});
    const Value square = product(g, "square", {plus, plus});
    const Value join = product(g, "join", {square, a, ab});
    check_gradients(g, sum(g, "loss", join), {a, b}, debug);
  }
}

TEST_CASE("both outputs of an op with two outputs contribute") {
  Graph g(true);
  const Value a = g.input("a", {n});
  const auto [plus, minus] = split(g, "split", a);
  const Value cube = product(g, "cube", {plus, plus, minus});
  check_gradients(g, sum(g, "loss", product(g, "last", {cube, minus})), {a}, true);
}

TEST_CASE("gradients reach any value, also one in the middle") {
  Graph g(true);
  const Value a = g.input("a", {n});
  const Value middle = product(g, "middle", {a, a});
  const Value loss = sum(g, "loss", product(g, "out", {middle, middle}));
  Store store(g, 1, true);
  Arena arena;
  PlanOptions options;
  options.loss = loss;
  options.gradients_of = {middle};
  options.keep = {middle};
  Program program = plan(g, options, store, arena);
  fill(program.tensor(a), 0);
  program.run();
  for (int64_t i = 0; i < n; ++i) CHECK(program.gradient(middle).as<float>()[i] == 2 * program.tensor(middle).as<float>()[i]);
  CHECK_THROWS_WITH_AS(program.gradient(a), doctest::Contains("has no gradient"), Error);
}

TEST_CASE("a random DAG is differentiated like central differences say") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Rng rng(seed, 0);
    Graph g(true);
    std::vector<Value> values{g.input("a", {n}), g.input("b", {n})};
    for (uint64_t k = 0; k < 6; ++k) {
      const auto pick = [&](uint64_t i) { return values[rng.below(10 * k + i, static_cast<uint32_t>(values.size()))]; };
      if (rng.below(10 * k + 5, 3) == 0) {
        const auto [p, m] = split(g, str("s", k), pick(1));
        values.push_back(p);
        values.push_back(m);
      } else {
        values.push_back(product(g, str("p", k), {pick(2), pick(3)}));
      }
    }
    const Value last = product(g, "last", {values.back(), values[0], values[1]});
    check_gradients(g, sum(g, "loss", last), {values[0], values[1]}, seed % 2 == 0);
  }
}

TEST_CASE("parameter gradients are written, then accumulated, never zeroed") {
  Graph g(true);
  const Value a = g.input("a", {n});
  const Value w = g.parameter("w", {n}, {Init::Kind::constant, 2.0F});
  const Value loss = sum(g, "loss", product(g, "y", {a, w, w}));
  Store store(g, 1, true);
  std::fill_n(store.gradients(), store.flat_count(), std::nanf(""));
  Arena arena;
  PlanOptions options;
  options.loss = loss;
  Program program = plan(g, options, store, arena);
  for (int run = 0; run < 2; ++run) {
    fill(program.tensor(a), 0);
    program.run();
    for (int64_t i = 0; i < n; ++i) CHECK(store.gradient("w").as<float>()[i] == 4 * program.tensor(a).as<float>()[i]);
  }
}

namespace {

// An op whose backward reads its input without saying so.
class Forgetful final : public Op {
 public:
  explicit Forgetful(Value x) : Op("forgetful", {x}) {}
  void forward(Emitter& emit) override {
    const Slot x = emit.of(inputs()[0]);
    const Slot y = emit.of(outputs()[0]);
    emit.step(name(), {x}, {y}, 0, [x, y](const Run& run) { std::copy_n(run[x].as<float>(), n, run[y].as<float>()); });
  }
  void backward(Emitter& emit) override {
    const Slot x = emit.of(inputs()[0]);
    const Emitter::Target t = emit.target(inputs()[0]);
    emit.step("forgetful.backward", {}, {t.slot}, 0, [x, t](const Run& run) {
      CHECK(run[x].data == nullptr);
      std::fill_n(run[t.slot].as<float>(), n, 1.0F);
    });
  }
};

// An op that reads a slot nobody wrote, or writes past its own.
class Faulty final : public Op {
 public:
  Faulty(Value x, bool overrun) : Op("faulty", {x}), overrun_(overrun) {}
  void forward(Emitter& emit) override {
    const Slot y = emit.of(outputs()[0]);
    const Slot never = emit.slot("never", {n}, DType::f32);
    emit.step(name(), overrun_ ? std::vector<Slot>{} : std::vector<Slot>{never}, {y}, 0, [y](const Run& run) {
      float* p = run[y].as<float>();
      std::fill_n(p, n, 1.0F);
      reinterpret_cast<volatile char*>(p)[n * sizeof(float)] = 1;
    });
  }
  void backward(Emitter&) override {}

 private:
  bool overrun_;
};

}  // namespace

TEST_CASE("a step is handed only what it declared") {
  Graph g(true);
  const Value a = g.input("a", {n});
  auto& op = g.add<Forgetful>(a);
  const Value y = g.output_of(op, "y", {n}, DType::f32, Layout::plain);
  const Value loss = sum(g, "loss", y);
  Store store(g, 1, true);
  Arena arena;
  PlanOptions options;
  options.loss = loss;
  options.gradients_of = {a};
  plan(g, options, store, arena).run();
}

TEST_CASE("reading what no step wrote fails while planning") {
  Graph g(true);
  auto& op = g.add<Faulty>(g.input("a", {n}), false);
  g.output_of(op, "y", {n}, DType::f32, Layout::plain);
  Store store(g, 1, true);
  Arena arena;
  CHECK_THROWS_WITH_AS(plan(g, {}, store, arena), doctest::Contains("reads never before any step writes it"), Error);
}

TEST_CASE("writing past a slot is caught by its guard bytes") {
  Graph g(true);
  auto& op = g.add<Faulty>(g.input("a", {n}), true);
  const Value y = g.output_of(op, "y", {n}, DType::f32, Layout::plain);
  Store store(g, 1, true);
  Arena arena;
  PlanOptions options;
  options.keep = {y};
  options.debug = true;
  Program program = plan(g, options, store, arena);
  CHECK_THROWS_WITH_AS(program.run(), doctest::Contains("wrote past the end of y"), Error);
}

TEST_CASE("memory that is reused cannot be read from outside") {
  Graph g(true);
  const Value a = g.input("a", {n});
  const Value middle = product(g, "middle", {a, a});
  sum(g, "loss", middle);
  Store store(g, 1, true);
  Arena arena;
  Program program = plan(g, {}, store, arena);
  CHECK_THROWS_WITH_AS(program.tensor(middle), doctest::Contains("PlanOptions::keep"), Error);
}

TEST_CASE("programs may share an arena, and print says what they do") {
  Graph small(true);
  const Value a = small.input("a", {n});
  const Value y = product(small, "y", {a, a});
  Graph large(true);
  const Value b = large.input("b", {1000});
  const Value z = product(large, "z", {b, b});
  Store store(small, 1, true);
  Arena arena;
  PlanOptions options;
  options.keep = {y};
  Program first = plan(small, options, store, arena);
  options.keep = {z};
  Program second = plan(large, options, store, arena);
  fill(first.tensor(a), 0);
  first.run();
  CHECK(first.tensor(y).as<float>()[3] == first.tensor(a).as<float>()[3] * first.tensor(a).as<float>()[3]);
  std::fill_n(second.tensor(b).as<float>(), 1000, 3.0F);
  second.run();
  CHECK(second.tensor(z).as<float>()[999] == 9.0F);
  std::ostringstream text;
  second.print(text);
  CHECK(text.str().find("[1000] f32") != std::string::npos);
}
