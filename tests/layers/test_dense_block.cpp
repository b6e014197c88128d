#include "layers/dense_block.h"

#include <optional>

#include "tests/layers/op_harness.h"

using namespace thorax;
using namespace thorax::test;

namespace {

constexpr int64_t side = 6;

struct Case {
  int64_t images;
  int threads;
  DType dtype;
  bool training;
  bool fp32_gradient;
};

// The block in the engine, beside the same in naive double.
struct Both {
  explicit Both(const Case& c, uint64_t seed = 1)
      : layers(3),
        growth(channel_block()),
        channels(2 * channel_block()),
        graph(c.training, c.dtype, test_stream(1).device),
        x(graph.input("x", {c.images, channels, side, side}, c.dtype, test_layout())),
        out(dense_block(graph, "block", x, {layers, growth, 2, c.fp32_gradient})),
        naive_x(c.images, channels, side, side),
        r(c.images, channels + layers * growth, side, side) {
    const Value weights = graph.input("r", graph.info(out.y).shape, DType::f32, test_layout(), false);
    auto& op = graph.add<Weighted>(std::vector<Value>{out.y, weights});
    const Value loss = graph.output_of(op, "loss", {}, DType::f32, Layout::plain);
    store.emplace(graph, 11, true, test_queue());
    randomise_norms(*store);
    PlanOptions options;
    options.stream = test_stream(c.threads);
    options.loss = loss;
    options.keep = {out.y};
    options.gradients_of = {x};
    options.debug = true;
    program.emplace(plan(graph, options, *store, arena));
    fill(naive_x, seed), fill(r, seed + 100);
    put(naive_x, program->tensor(x)), put(r, program->tensor(weights));
    get(program->tensor(x), naive_x);  // what was stored, rounded
    if (c.dtype != DType::f32 && !c.fp32_gradient) round(r, c.dtype);
    program->run();
  }

  static void round(Volume& v, DType dtype) {
    for (double& value : v.values) value = static_cast<double>(rounded(dtype, static_cast<float>(value)));
  }
  double naive_loss(bool training) const {
    const Volume y = naive_dense_block(naive_x, *store, "block", layers, training);
    double sum = 0;
    for (size_t i = 0; i < y.values.size(); ++i) sum += y.values[i] * r.values[i];
    return sum;
  }

  int64_t layers, growth, channels;
  Graph graph;
  Value x;
  DenseBlockOutput out;
  Volume naive_x, r;
  std::optional<Store> store;
  Arena arena;
  std::optional<Program> program;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const bool training : {true, false}) {
    for (const int64_t images : {1, 3}) all.push_back({images, images == 1 ? 1 : 2, DType::f32, training, false});
    all.push_back({2, 2, DType::f16, training, false});
    if (test_has_bf16()) all.push_back({4, 2, DType::bf16, training, true});   // images side by side
    if (test_has_bf16()) all.push_back({2, 1, DType::bf16, training, false});  // one group
  }
  return all;
}

double tolerance(const Case& c) {
  return c.dtype == DType::f32 ? 2e-4 : 0.06;
}

// bf16 flips many a ReLU: the sign and size of every term are proven in fp32, here that nothing is lost.
double gradient_tolerance(const Case& c) {
  return c.dtype == DType::f32 ? 2e-3 : 0.5;
}

// The first seed at which no ReLU of the fp32 block is near its kink.
uint64_t clear_seed(const Case& c) {
  if (c.dtype != DType::f32) return 1;
  for (uint64_t seed = 1;; ++seed) {
    const Both both(c, seed);
    smallest_z = 1;
    both.naive_loss(c.training);
    if (smallest_z > 1e-5) return seed;
  }
}

}  // namespace

TEST_CASE("dense_block: the output is that of concatenation, in every mode") {
  for (const Case& c : cases()) {
    CAPTURE(c.images);
    CAPTURE(c.dtype);
    CAPTURE(c.training);
    Both both(c);
    // In training mode the run moved the running values, which the naive block does not read then.
    const Volume expected = naive_dense_block(both.naive_x, *both.store, "block", both.layers, c.training);
    Volume actual = expected;
    get(both.program->tensor(both.out.y), actual);
    CHECK(distance(actual.values, expected.values) < tolerance(c) * 0.2 * norm(expected.values));
  }
}

TEST_CASE("dense_block: gradients of the input and of every parameter are central differences of the naive block") {
  for (const Case& c : cases()) {
    CAPTURE(c.images);
    CAPTURE(c.dtype);
    CAPTURE(c.training);
    Both both(c, clear_seed(c));
    const auto difference = [&](const auto& set, double at) {
      const double h = 1e-6;
      set(at + h);
      const double up = both.naive_loss(c.training);
      set(at - h);
      const double down = both.naive_loss(c.training);
      set(at);
      return (up - down) / (2 * h);
    };
    Volume dx = both.naive_x;
    get(both.program->gradient(both.x), dx);
    std::vector<double> wrong, expected;
    for (size_t i = 3; i < dx.values.size(); i += 397) {
      double& at = both.naive_x.values[i];
      expected.push_back(difference([&](double v) { at = v; }, at));
      wrong.push_back(dx.values[i] - expected.back());
    }
    CHECK(norm(wrong) < gradient_tolerance(c) * norm(expected));
    for (const std::string& name : both.store->names()) {
      if (!both.store->is_parameter(name)) continue;
      CAPTURE(name);
      const Tensor parameter = both.store->find(name);
      const Tensor gradient = both.store->gradient(name);
      wrong.clear(), expected.clear();
      for (int64_t i = 0; i < parameter.count(); i += std::max<int64_t>(1, parameter.count() / 2)) {
        float& at = parameter.as<float>()[i];
        const float h = 1e-6F, value = at;  // the step that float really takes is what divides
        at = value + h;
        const double up = both.naive_loss(c.training);
        const double above = static_cast<double>(at);
        at = value - h;
        const double down = both.naive_loss(c.training);
        const double below = static_cast<double>(at);
        at = value;
        expected.push_back((up - down) / (above - below));
        wrong.push_back(static_cast<double>(gradient.as<float>()[i]) - expected.back());
      }

      CHECK(norm(wrong) < gradient_tolerance(c) * norm(expected) + 1e-3);
    }
  }
}

TEST_CASE("dense_block: the statistics that it hands on are those of its channels, and running values move once a step") {
  const Case c{3, 2, DType::f32, true, false};
  Both both(c);
  CHECK(*both.store->find("block.denselayer1.norm1.num_batches_tracked").as<int64_t>() == 1);
  const Volume y = naive_dense_block(both.naive_x, *both.store, "block", both.layers, true);
  double mean = 0;
  for (int64_t i = 0; i < y.n; ++i)
    for (int64_t p = 0; p < side * side; ++p)
      mean += y.at(i, both.channels, p / side, p % side) / static_cast<double>(y.n * side * side);
  // The first appended channel is read by the second layer, which moved its running mean a tenth of the way from the start value.
  Both fresh({3, 2, DType::f32, false, false});
  const double start = value(*fresh.store, "block.denselayer2.norm1.running_mean", both.channels);
  CHECK(value(*both.store, "block.denselayer2.norm1.running_mean", both.channels) ==
        doctest::Approx(0.9 * start + 0.1 * mean).epsilon(1e-4));
}
