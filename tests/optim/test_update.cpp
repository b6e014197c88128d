#include "optim/update.h"

#include <doctest/doctest.h>

#include <cmath>
#include <optional>

#include "tests/tensor/toy_ops.h"

using namespace thorax;
using namespace thorax::test;

namespace {

// loss = sum(body.a * body.b * last.w): three parameters of 20, a running state, and its programs.
struct Model {
  explicit Model(const UpdateOptions& options)
      : graph(true), built(build(graph)), store(graph, 1, true), average(graph, 1, false), update(store, &average, options) {
    PlanOptions o;
    o.loss = built;
    o.before_backward = [this](Emitter& emit, Slot gradient) { update.emit_loss_scale(emit, gradient); };
    o.constant = [this](const std::string& name) { return update.is_frozen(name); };
    o.after_backward = [this](Emitter& emit) { update.emit(emit); };
    program.emplace(plan(graph, o, store, arena));
  }
  static Value build(Graph& g) {
    const Init init{Init::Kind::normal, 1.0F};
    g.state("body.mean", {3}, DType::f32, 2);
    g.state("body.count", {}, DType::i64, 5);
    const Value a = g.parameter("body.a", {20}, init);
    const Value b = g.parameter("body.b", {20}, init);
    const Value w = g.parameter("last.w", {20}, init);
    return sum(g, "loss", product(g, "p", {a, b, w}));
  }
  std::vector<float> values(const std::string& name, const Store& of) const {
    const Tensor t = of.find(name);
    return {t.as<float>(), t.as<float>() + t.count()};
  }
  std::vector<float> values(const std::string& name) const { return values(name, store); }
  void step(double lr, int64_t number) {
    update.prepare(lr, number);
    program->run();
  }
  Graph graph;
  Value built;
  Store store, average;
  Update update;
  Arena arena;
  std::optional<Program> program;
};

}  // namespace

TEST_CASE("update: groups with a rate each, frozen parameters keep their values, momentum and gradients") {
  Model plain({}), grouped({.backbone_lr = 0.5}), frozen({.freeze = {"body.a"}}), head({.freeze = {"backbone"}});
  const auto before = plain.values("body.a");
  const auto last = plain.values("last.w");
  for (Model* m : {&plain, &grouped, &frozen, &head}) m->step(0.25, 0);
  for (size_t i = 0; i < 20; ++i) {
    const float change = plain.values("body.a")[i] - before[i];
    CHECK(grouped.values("body.a")[i] - before[i] == doctest::Approx(change / 2).epsilon(1e-4));
  }
  for (Model* m : {&grouped, &frozen, &head}) CHECK(m->values("last.w") == plain.values("last.w"));
  CHECK(plain.values("last.w") != last);
  CHECK(frozen.values("body.a") == before);
  CHECK(frozen.values("body.b") == plain.values("body.b"));
  CHECK(head.values("body.a") == before);
  const Tensor gradient = frozen.store.gradient("body.a");
  for (int64_t i = 0; i < gradient.count(); ++i) CHECK(gradient.as<float>()[i] == 0);
  CHECK(head.program->steps().size() < plain.program->steps().size());
}

TEST_CASE("update: what cannot be frozen is refused") {
  CHECK_THROWS_WITH_AS(Model({.freeze = {"bod"}}), "nothing to freeze: no parameter is called \"bod\" or begins with \"bod.\"",
                       Error);
  CHECK_THROWS_WITH_AS(Model({.freeze = {"backbone", "last"}}), "every parameter is frozen: nothing is left to train", Error);
  CHECK_NOTHROW(Model({.freeze = {"body"}}));
}

TEST_CASE("update: gradients over the norm are scaled down to it, all by one factor") {
  Model free({}), clipped({.clip_norm = 0.5}), loose({.clip_norm = 1e6});
  const auto before = free.values("last.w");
  double squares = 0;
  for (Model* m : {&free, &clipped, &loose}) m->step(1, 0);
  for (const char* name : {"body.a", "body.b", "last.w"}) {
    const Tensor g = free.store.gradient(name);
    for (int64_t i = 0; i < g.count(); ++i) squares += double{g.as<float>()[i]} * double{g.as<float>()[i]};
  }
  CHECK(clipped.update.gradient_norm() == doctest::Approx(std::sqrt(squares)).epsilon(1e-12));
  REQUIRE(squares > 0.25);
  for (size_t i = 0; i < 20; ++i) {
    const double change = double{free.values("last.w")[i]} - double{before[i]};
    CHECK(double{clipped.values("last.w")[i]} - double{before[i]} ==
          doctest::Approx(change * 0.5 / std::sqrt(squares)).epsilon(1e-4));
  }
  CHECK(loose.values("last.w") == free.values("last.w"));
}

TEST_CASE("update: the moving average follows the weights and the running statistics") {
  Model m({.average_decay = 0.5});
  std::vector<float> expected = m.values("last.w");
  m.store.find("body.mean").as<float>()[1] = 10;
  *m.store.find("body.count").as<int64_t>() = 77;
  for (int64_t step = 0; step < 20; ++step) {
    const uint64_t version = m.average.version();
    m.step(0.01, step);
    CHECK(m.average.version() > version);
    const double done = static_cast<double>(step);
    const double decay = std::min(0.5, (1 + done) / (10 + done));
    for (size_t i = 0; i < 20; ++i) expected[i] += static_cast<float>(1 - decay) * (m.values("last.w")[i] - expected[i]);
  }
  CHECK(m.values("last.w", m.average) == expected);
  CHECK(m.values("body.mean", m.average)[0] == 2);
  CHECK(m.values("body.mean", m.average)[1] == doctest::Approx(10).epsilon(1e-3));
  CHECK(*m.average.find("body.count").as<int64_t>() == 77);
}

TEST_CASE("update: a loss scale changes no bit of a step in fp32, since it is a power of two") {
  Model plain({.weight_decay = 0.01, .clip_norm = 0.5}), scaled({.weight_decay = 0.01, .clip_norm = 0.5, .loss_scaling = true});
  for (int64_t step = 0; step < 3; ++step) {
    plain.step(0.1, step), scaled.step(0.1, step);
    for (const char* name : {"body.a", "body.b", "last.w"}) {
      CHECK(plain.values(name) == scaled.values(name));
      const Tensor a = plain.store.gradient(name), b = scaled.store.gradient(name);
      for (int64_t i = 0; i < a.count(); ++i) CHECK(b.as<float>()[i] == 65536 * a.as<float>()[i]);
    }
    CHECK(plain.update.gradient_norm() == scaled.update.gradient_norm());
  }
  CHECK(plain.update.loss_scale() == nullptr);
  CHECK(scaled.update.loss_scale()->values().as<float>()[1] == 3);
}

TEST_CASE("update: a step whose gradient overflows changes no weight and no momentum, and the next has half the scale") {
  Model m({.loss_scaling = true});
  m.step(0.1, 0);
  Tensor a = m.store.find("body.a");
  const float before = a.as<float>()[7];
  a.as<float>()[7] = 1e36F;  // times the scale, no float any more
  m.store.touch();
  const auto values = m.values("last.w");
  const Tensor momentum = m.store.momentum("last.w");
  const std::vector<float> momenta{momentum.as<float>(), momentum.as<float>() + momentum.count()};
  m.step(0.1, 1);
  CHECK(m.values("last.w") == values);
  CHECK(std::equal(momenta.begin(), momenta.end(), m.store.momentum("last.w").as<float>()));
  CHECK(!std::isfinite(m.update.gradient_norm()));
  const float* scale = m.update.loss_scale()->values().as<float>();
  CHECK(scale[0] == 32768);
  CHECK(scale[2] == 1);
  m.store.find("body.a").as<float>()[7] = before;
  m.store.touch();
  m.step(0.1, 2);
  CHECK(m.values("last.w") != values);
  CHECK(std::isfinite(m.update.gradient_norm()));
}
