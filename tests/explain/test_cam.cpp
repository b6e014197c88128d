#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "explain/layer_cam.h"
#include "explain/layers.h"
#include "layers/normalize.h"
#include "models/registry.h"
#include "tensor/rng.h"

using namespace thorax;
using namespace thorax::explain;

namespace {

constexpr int64_t size = 64;
constexpr int64_t classes = 3;

std::vector<uint8_t> noise() {
  const Rng rng(7, 1);
  std::vector<uint8_t> plane(size_t{size * size});
  for (size_t i = 0; i < plane.size(); ++i) plane[i] = static_cast<uint8_t>(rng.below(i, 256));
  return plane;
}

LayerCamSpec spec_of(const std::string& model, const std::string& layer) {
  return {model, classes, size, DType::f32, 0.449F, 0.226F, {Device::cpu, 2}, layer, Target::logit};
}

Store store_of(const std::string& model) {
  Graph g(true);
  find_model(model).build(g, g.input("x", {1, 1, size, size}, DType::f32, Layout::plain, false), classes);
  return Store(g, 3, false);
}

// The maps of all classes from one forward pass.
Planes from_head(const std::string& model, Store& store) {
  Graph g(false);
  const Value bytes = g.input("bytes", {1, 1, size, size}, DType::u8, Layout::plain, false);
  const Value logits = find_model(model).build(g, normalize(g, "normalize", bytes, 0.449F, 0.226F), classes);
  const Head head = head_of(g, logits);
  Arena arena;
  PlanOptions options;
  options.stream = {Device::cpu, 2};
  options.keep = {logits, head.features};
  Program program = plan(g, options, store, arena);
  const std::vector<uint8_t> plane = noise();
  std::copy(plane.begin(), plane.end(), program.tensor(bytes).as<uint8_t>());
  program.run();
  return head_cams(planes_of(program.tensor(head.features), 0), store.find(g.info(head.weight).name).as<float>(), classes);
}

// The logits of the same bytes.
std::vector<double> logits_of(const std::string& model, Store& store) {
  Graph g(false);
  const Value bytes = g.input("bytes", {1, 1, size, size}, DType::u8, Layout::plain, false);
  const Value logits = find_model(model).build(g, normalize(g, "normalize", bytes, 0.449F, 0.226F), classes);
  Arena arena;
  PlanOptions options;
  options.stream = {Device::cpu, 2};
  options.keep = {logits};
  Program program = plan(g, options, store, arena);
  const std::vector<uint8_t> plane = noise();
  std::copy(plane.begin(), plane.end(), program.tensor(bytes).as<uint8_t>());
  program.run();
  const float* z = program.tensor(logits).as<float>();
  return {z, z + classes};
}

// The largest difference, as a part of the largest value.
double difference(const Planes& a, const Planes& b) {
  REQUIRE(a.values.size() == b.values.size());
  double most = 0, apart = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    most = std::max(most, std::abs(double{b.values[i]}));
    apart = std::max(apart, std::abs(double{a.values[i]} - double{b.values[i]}));
  }
  REQUIRE(most > 0);
  return apart / most;
}

}  // namespace

TEST_CASE("cam: the head's weights give what backward gives at the last feature map") {
  for (const auto& [model, layer] :
       {std::pair{"densenet121", "features.norm5"}, {"resnet18", "layer4"}, {"resnet50", "layer4.2"}}) {
    CAPTURE(model);
    Store store = store_of(model);
    const Planes head = from_head(model, store);
    Arena arena;
    LayerCam graph(spec_of(model, layer), store, arena);
    CHECK(difference(graph.maps(noise(), {0, 1, 2}, Method::grad_cam), head) < 1e-5);
    CHECK(difference(graph.maps(noise(), {0, 1, 2}, Method::hires_cam), head) < 1e-5);
  }
}

TEST_CASE("cam: of a probability it is that of the logit times the sigmoid's derivative") {
  Store store = store_of("resnet18");
  Arena first, second;
  LayerCamSpec spec = spec_of("resnet18", "layer3");
  LayerCam of_logit(spec, store, first);
  spec.target = Target::probability;
  LayerCam of_probability(spec, store, second);
  const Planes expected = of_logit.maps(noise(), {0, 1, 2}, Method::grad_cam);
  const Planes maps = of_probability.maps(noise(), {0, 1, 2}, Method::grad_cam);
  const std::vector<double> z = logits_of("resnet18", store);
  double most = 0;
  for (int64_t k = 0; k < classes; ++k) {
    const double p = 1 / (1 + std::exp(-z[static_cast<size_t>(k)]));
    for (int64_t i = 0; i < expected.pixels(); ++i) {
      CHECK(double{maps.plane(k)[i]} == doctest::Approx(p * (1 - p) * double{expected.plane(k)[i]}).epsilon(1e-4));
      most = std::max(most, double{maps.plane(k)[i]});
    }
  }
  CHECK(most > 0);
}

TEST_CASE("cam: the four methods, by hand") {
  Planes a(2, 1, 2), g(2, 1, 2);
  a.values = {1, 2, 3, 0};
  g.values = {1, -3, 2, 4};
  CHECK(cam(Method::grad_cam, a, g).values == std::vector<float>{8, 0});   // -1 (1,2) + 3 (3,0)
  CHECK(cam(Method::hires_cam, a, g).values == std::vector<float>{7, 0});  // 1 + 6, -6 + 0
  CHECK(cam(Method::layer_cam, a, g).values == std::vector<float>{7, 0});  // 1 + 6, 0 + 0
  // Channel 1: 1/(2 + 3); channel 2: 8/(8 + 24) + 64/(32 + 192).
  const Planes plus = cam(Method::grad_cam_plus, a, g);
  const double w1 = 1.0 / 5, w2 = 8.0 / 32 + 64.0 / 224;
  CHECK(plus.values[0] == doctest::Approx(w1 + 3 * w2).epsilon(1e-5));
  CHECK(plus.values[1] == doctest::Approx(2 * w1).epsilon(1e-5));
}

TEST_CASE("layers: names that there are, and one that there is not") {
  Graph g(false);
  find_model("densenet121").build(g, g.input("x", {1, 1, size, size}, DType::f32, Layout::plain, false), classes);
  for (const char* name : {"features.norm5", "features.denseblock3", "features.transition2"}) CHECK(layer_of(g, name));
  CHECK_THROWS_WITH_AS(layer_of(g, "layer4"), doctest::Contains("no layer is named \"layer4\""), Error);
}
