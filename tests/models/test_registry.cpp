// Every model of the registry: its size, its names, its initial distributions (torchvision 0.14 with ten outputs).
#include <doctest/doctest.h>

#include <cmath>

#include "models/registry.h"
#include "tensor/store.h"

using namespace thorax;

namespace {

struct Expected {
  const char* model;
  int64_t parameters;
  size_t tensors;  // of the state_dict
  const char* first;
  const char* last;
};

const Expected expected[] = {
    {"densenet121", 6964106, 727, "features.conv0.weight", "classifier.bias"},
    {"densenet169", 12501130, 1015, "features.conv0.weight", "classifier.bias"},
    {"densenet201", 18112138, 1207, "features.conv0.weight", "classifier.bias"},
    {"resnet18", 11181642, 122, "conv1.weight", "fc.bias"},
    {"resnet50", 23528522, 320, "conv1.weight", "fc.bias"},
    {"resnet101", 42520650, 626, "conv1.weight", "fc.bias"},
};

Store store_of(const std::string& model, uint64_t seed = 1) {
  Graph g(false);
  find_model(model).build(g, g.input("x", {1, 1, 64, 64}, DType::f32, Layout::plain, false), 10);
  return {g, seed, false};
}

double deviation(const Tensor& t) {
  double squares = 0;
  for (int64_t i = 0; i < t.count(); ++i) squares += std::pow(static_cast<double>(t.as<float>()[i]), 2);
  return std::sqrt(squares / static_cast<double>(t.count()));
}

}  // namespace

TEST_CASE("every model has torchvision's number of parameters and of tensors") {
  CHECK(models().size() == std::size(expected));
  for (const Expected& e : expected) {
    CAPTURE(e.model);
    const Store store = store_of(e.model);
    CHECK(store.parameter_count() == e.parameters);
    CHECK(store.names().size() == e.tensors);
    CHECK(store.names().front() == e.first);
    CHECK(store.names().back() == e.last);
  }
}

TEST_CASE("a bottleneck's tensors stand in torchvision's order, the projection's last") {
  const Store store = store_of("resnet50");
  const std::vector<std::string> wanted{"conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "downsample.0", "downsample.1"};
  std::vector<std::string> found;
  for (const std::string& name : store.names()) {
    if (name.rfind("layer1.0.", 0) == 0 && name.size() > 7 && name.substr(name.size() - 7) == ".weight") {
      found.push_back(name.substr(9, name.size() - 16));
    }
  }
  CHECK(found == wanted);
  CHECK(store.find("layer1.0.conv2.weight").shape == Shape{64, 64, 3, 3});
  CHECK(store.find("layer2.0.conv2.weight").shape == Shape{128, 128, 3, 3});
  CHECK(store.find("layer2.0.downsample.0.weight").shape == Shape{512, 256, 1, 1});
  CHECK_FALSE(static_cast<bool>(store.find("layer2.1.downsample.0.weight")));
}

TEST_CASE("initial deviations: a DenseNet's by fan_in, a ResNet's by fan_out") {
  const Store dense = store_of("densenet121"), residual = store_of("resnet18");
  CHECK(deviation(dense.find("features.conv0.weight")) == doctest::Approx(std::sqrt(2.0 / (3 * 49))).epsilon(0.03));
  CHECK(deviation(residual.find("conv1.weight")) == doctest::Approx(std::sqrt(2.0 / (64 * 49))).epsilon(0.03));
  CHECK(deviation(residual.find("layer2.0.conv1.weight")) == doctest::Approx(std::sqrt(2.0 / (128 * 9))).epsilon(0.03));
  CHECK(deviation(dense.find("classifier.bias")) == 0);
  CHECK(deviation(residual.find("fc.bias")) > 0);
  CHECK(deviation(residual.find("fc.weight")) == doctest::Approx(1 / std::sqrt(3 * 512.0)).epsilon(0.05));
}

TEST_CASE("an unknown model is refused, and the known ones are named") {
  try {
    find_model("resnet34");
    FAIL("accepted");
  } catch (const Error& e) {
    CHECK(std::string(e.what()).find("no model is named \"resnet34\"") != std::string::npos);
    CHECK(e.hint() == "the models are: densenet121, densenet169, densenet201, resnet18, resnet50, resnet101");
  }
}
