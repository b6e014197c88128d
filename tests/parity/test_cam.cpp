// Class activation maps beside pytorch-grad-cam's in float64 (tools/make_cam_oracle.py): same weights, bytes, layers and classes.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <fstream>

#include "explain/layer_cam.h"
#include "models/registry.h"
#include "tests/device.h"
#include "tests/parity/oracle.h"

using namespace thorax;
using namespace thorax::test;

namespace {

constexpr uint64_t bytes_stream = 1000010;

struct CamRecord {
  std::string model, layer, method;
  size_t class_index = 0;
  int64_t height = 0, width = 0;
  std::vector<float> values;
};

std::vector<CamRecord> read_records() {
  std::ifstream file(std::string(THORAX_SOURCE_DIR) + "/tests/parity/data/cam.txt");
  std::vector<CamRecord> records;
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    CamRecord r;
    std::string digits;
    words >> r.model >> r.layer >> r.method >> r.class_index >> r.height >> r.width >> digits;
    for (size_t i = 0; i + 8 <= digits.size(); i += 8) {
      uint32_t bits = 0;
      std::from_chars(digits.data() + i, digits.data() + i + 8, bits, 16);
      r.values.push_back(std::bit_cast<float>(bits));
    }
    records.push_back(std::move(r));
  }
  return records;
}

std::vector<uint8_t> draw_bytes(const parity::Oracle& oracle) {
  const Rng rng(oracle.seed, bytes_stream);
  std::vector<uint8_t> plane(static_cast<size_t>(oracle.size * oracle.size));
  for (size_t i = 0; i < plane.size(); ++i) plane[i] = static_cast<uint8_t>(rng.uniform(i, 0.0F, 256.0F));
  return plane;
}

void compare_cams(const std::string& model, size_t count) {
  const parity::Oracle oracle = parity::read_oracle(model + "_grey96");
  Graph graph(true, DType::f32, test_stream(1).device);
  find_model(model).build(graph, graph.input("x", {1, 1, oracle.size, oracle.size}, DType::f32, Layout::plain, false),
                          oracle.classes);
  Store store(graph, 0, false, test_queue());
  for (const parity::Parameter& p : oracle.parameters) parity::draw(oracle, p, store.find(p.name).as<float>());
  store.touch();
  const std::vector<uint8_t> plane = draw_bytes(oracle);
  size_t compared = 0;
  for (const CamRecord& r : read_records()) {
    if (r.model != model) continue;
    Arena arena;
    explain::LayerCam cam({model, oracle.classes, oracle.size, DType::f32, 0.449F, 0.226F, test_stream(2), r.layer}, store,
                          arena);
    const explain::Planes map = cam.maps(plane, {r.class_index}, explain::method_of(r.method));
    CAPTURE(r.layer);
    CAPTURE(r.method);
    CAPTURE(r.class_index);
    REQUIRE(map.values.size() == r.values.size());
    CHECK(map.height == r.height);
    const float most = *std::max_element(r.values.begin(), r.values.end());
    float apart = 0;
    for (size_t i = 0; i < r.values.size(); ++i) apart = std::max(apart, std::abs(map.values[i] - r.values[i]));
    // A map is read from 0 to its largest value; where there is nothing, there is nothing.
    CHECK(apart <= 1e-4F * most);
    ++compared;
  }
  CHECK(compared == count);
}

}  // namespace

TEST_CASE("class activation maps equal pytorch-grad-cam's: DenseNet-121") {
  compare_cams("densenet121", 32);
}
TEST_CASE("class activation maps equal pytorch-grad-cam's: ResNet-18") {
  compare_cams("resnet18", 48);
}
