// The models of thorax beside PyTorch in float64: one step, ten steps, evaluation (README.md has the rule).
#include <doctest/doctest.h>

#include "kernels/isa.h"
#include "losses/loss_op.h"
#include "losses/registry.h"
#include "models/registry.h"
#include "optim/update.h"
#include "tests/device.h"
#include "tests/parity/oracle.h"
#include "tests/skip.h"

using namespace thorax;
using namespace thorax::parity;
using namespace thorax::test;

namespace {

constexpr int threads = 2;

// The model over its own store and arena, in train mode or in evaluation mode.
struct Net {
  Value x, labels, mask, logits, loss;
  Graph graph;
  Net(const Oracle& oracle, DType dtype, bool training) : graph(training, dtype, test_stream(1).device) {
    x = graph.input("x", {oracle.batch, oracle.channels, oracle.size, oracle.size}, dtype, Layout::plain, false);
    logits = find_model(oracle.model).build(graph, x, oracle.classes);
    if (!training) return;
    const Shape shape{oracle.batch, oracle.classes};
    labels = graph.input("labels", shape, DType::f32, Layout::plain, false);
    mask = graph.input("mask", shape, DType::f32, Layout::plain, false);
    const LossTable bce(static_cast<size_t>(oracle.classes));
    loss = loss_of(graph, "loss", logits, labels, mask, bce);
  }
};

void fill(const Tensor& tensor, const std::vector<float>& values) {
  REQUIRE(tensor.count() == static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < values.size(); ++i) {
    if (tensor.dtype == DType::bf16)
      tensor.as<bf16>()[i] = to_bf16(values[i]);
    else
      tensor.as<float>()[i] = values[i];
  }
}

void check_all(Comparison& comparison, const Oracle& oracle, const std::string& kind, const Store& store) {
  for (const auto& [key, record] : oracle.records) {
    if (key.first != kind) continue;
    const Tensor t = kind == "gradient" ? store.gradient(key.second) : store.find(key.second);
    REQUIRE_MESSAGE(static_cast<bool>(t), key.second);
    CHECK_MESSAGE(t.shape == record.shape, key.second);
    comparison.check(kind, key.second, t.as<float>(), t.count());
  }
}

std::vector<std::string> parameter_names(const Store& store) {
  std::vector<std::string> names;
  for (const std::string& name : store.names()) {
    if (store.is_parameter(name)) names.push_back(name);
  }
  return names;
}

void draw_parameters(const Oracle& oracle, Store& store) {
  std::vector<std::string> expected;
  for (const Parameter& p : oracle.parameters) {
    expected.push_back(p.name);
    const Tensor t = store.find(p.name);
    REQUIRE_MESSAGE(t.shape == p.shape, p.name);
    draw(oracle, p, t.as<float>());
  }
  CHECK(parameter_names(store) == expected);  // torchvision's names in torchvision's order
  store.touch();
}

void train(const Oracle& oracle, Net& net, Store& store, Comparison& comparison) {
  SgdScalars sgd{oracle.learning_rate, oracle.momentum, oracle.weight_decay, 1};
  Arena arena;
  PlanOptions options;
  options.stream = test_stream(threads);
  options.loss = net.loss;
  options.keep = {net.logits};
  options.after_backward = [&](Emitter& emit) { emit_sgd(emit, store, &sgd); };
  Program program = plan(net.graph, options, store, arena);
  fill(program.tensor(net.x), draw_input(oracle));
  fill(program.tensor(net.labels), draw_labels(oracle));
  fill(program.tensor(net.mask), std::vector<float>(static_cast<size_t>(oracle.batch * oracle.classes), 1.0F));
  std::vector<float> losses;
  for (int64_t step = 0; step < oracle.steps; ++step, sgd.first = 0) {
    program.run();
    losses.push_back(*program.tensor(net.loss).as<float>());
    if (step > 0) continue;
    const Tensor logits = program.tensor(net.logits);
    comparison.check("output", "logits", logits.as<float>(), logits.count());
    comparison.check("output", "loss", losses.data(), 1);
    check_all(comparison, oracle, "gradient", store);
    check_all(comparison, oracle, "running", store);
  }
  comparison.check("output", "losses", losses.data(), oracle.steps);
  check_all(comparison, oracle, "final", store);
}

void evaluate(const Oracle& oracle, DType dtype, Store& store, Comparison& comparison) {
  Net net(oracle, dtype, false);
  Arena arena;
  PlanOptions options;
  options.stream = test_stream(threads);
  options.keep = {net.logits};
  Program program = plan(net.graph, options, store, arena);
  fill(program.tensor(net.x), draw_input(oracle));
  program.run();
  const Tensor logits = program.tensor(net.logits);
  comparison.check("output", "eval_logits", logits.as<float>(), logits.count());
}

void compare(const std::string& name, DType dtype) {
  if (dtype == DType::bf16 && !test_has_bf16()) return test::skip("this processor has no bf16");
  const Oracle oracle = read_oracle(name);
  // Ten times PyTorch's error where Winograd convolution is or may be used (fp32 with AVX-512 or on a GPU), else three times.
  Comparison comparison(oracle, dtype, dtype == DType::f32 && (on_gpu() || isa() == Isa::avx512) ? 10 : 3);
  Net net(oracle, dtype, true);
  Store store(net.graph, 0, true, test_queue());
  draw_parameters(oracle, store);
  train(oracle, net, store, comparison);
  evaluate(oracle, dtype, store, comparison);
  CHECK_MESSAGE(comparison.passed(), comparison.report());
  MESSAGE(comparison.report(3));
}

}  // namespace

TEST_CASE("DenseNet-121 equals PyTorch: RGB 96x96, fp32") {
  compare("densenet121_rgb96", DType::f32);
}
TEST_CASE("DenseNet-121 equals PyTorch: RGB 96x96, bf16") {
  compare("densenet121_rgb96", DType::bf16);
}
TEST_CASE("DenseNet-121 equals PyTorch: grey 96x96, fp32") {
  compare("densenet121_grey96", DType::f32);
}
TEST_CASE("DenseNet-121 equals PyTorch: grey 96x96, bf16") {
  compare("densenet121_grey96", DType::bf16);
}
TEST_CASE("DenseNet-121 equals PyTorch: grey 224x224, fp32") {
  compare("densenet121_grey224", DType::f32);
}
TEST_CASE("DenseNet-121 equals PyTorch: grey 224x224, bf16") {
  compare("densenet121_grey224", DType::bf16);
}
TEST_CASE("DenseNet-169 equals PyTorch: RGB 96x96, fp32") {
  compare("densenet169_rgb96", DType::f32);
}
TEST_CASE("DenseNet-169 equals PyTorch: RGB 96x96, bf16") {
  compare("densenet169_rgb96", DType::bf16);
}
TEST_CASE("DenseNet-169 equals PyTorch: grey 96x96, fp32") {
  compare("densenet169_grey96", DType::f32);
}
TEST_CASE("DenseNet-169 equals PyTorch: grey 96x96, bf16") {
  compare("densenet169_grey96", DType::bf16);
}
TEST_CASE("DenseNet-201 equals PyTorch: RGB 96x96, fp32") {
  compare("densenet201_rgb96", DType::f32);
}
TEST_CASE("DenseNet-201 equals PyTorch: RGB 96x96, bf16") {
  compare("densenet201_rgb96", DType::bf16);
}
TEST_CASE("DenseNet-201 equals PyTorch: grey 96x96, fp32") {
  compare("densenet201_grey96", DType::f32);
}
TEST_CASE("DenseNet-201 equals PyTorch: grey 96x96, bf16") {
  compare("densenet201_grey96", DType::bf16);
}
TEST_CASE("ResNet-18 equals PyTorch: RGB 96x96, fp32") {
  compare("resnet18_rgb96", DType::f32);
}
TEST_CASE("ResNet-18 equals PyTorch: RGB 96x96, bf16") {
  compare("resnet18_rgb96", DType::bf16);
}
TEST_CASE("ResNet-18 equals PyTorch: grey 96x96, fp32") {
  compare("resnet18_grey96", DType::f32);
}
TEST_CASE("ResNet-18 equals PyTorch: grey 96x96, bf16") {
  compare("resnet18_grey96", DType::bf16);
}
TEST_CASE("ResNet-50 equals PyTorch: RGB 96x96, fp32") {
  compare("resnet50_rgb96", DType::f32);
}
TEST_CASE("ResNet-50 equals PyTorch: RGB 96x96, bf16") {
  compare("resnet50_rgb96", DType::bf16);
}
TEST_CASE("ResNet-50 equals PyTorch: grey 96x96, fp32") {
  compare("resnet50_grey96", DType::f32);
}
TEST_CASE("ResNet-50 equals PyTorch: grey 96x96, bf16") {
  compare("resnet50_grey96", DType::bf16);
}
TEST_CASE("ResNet-101 equals PyTorch: RGB 96x96, fp32") {
  compare("resnet101_rgb96", DType::f32);
}
TEST_CASE("ResNet-101 equals PyTorch: RGB 96x96, bf16") {
  compare("resnet101_rgb96", DType::bf16);
}
TEST_CASE("ResNet-101 equals PyTorch: grey 96x96, fp32") {
  compare("resnet101_grey96", DType::f32);
}
TEST_CASE("ResNet-101 equals PyTorch: grey 96x96, bf16") {
  compare("resnet101_grey96", DType::bf16);
}
