#include <doctest/doctest.h>

#include <cstring>
#include <fstream>
#include <set>

#include "apps/export_onnx.h"
#include "layers/linear.h"
#include "layers/normalize.h"
#include "models/densenet.h"
#include "models/registry.h"
#include "tensor/planner.h"
#include "tensor/rng.h"
#include "tests/apps/onnx_reader.h"
#include "tests/temporary_folder.h"
#include "weights/onnx.h"

using namespace thorax;
using namespace thorax::test;
namespace fs = std::filesystem;

namespace {

const fs::path data_folder_here = fs::path(THORAX_SOURCE_DIR) / "tests" / "apps" / "data";
constexpr int64_t size = 48;
constexpr int64_t classes = 3;
constexpr int64_t images = 2;

// A DenseNet small enough to be committed: the same operations as the large ones.
struct Small {
  Graph g{false};
  Value image, logits;
  explicit Small(int64_t batch) {
    image = g.input("image", {batch, 1, size, size}, DType::u8, Layout::plain, false);
    const DenseNetSpec spec{{1, 1}, 16, 48};
    logits = densenet(g, normalize(g, "normalize", image, 0.449F, 0.226F), spec, classes);
  }
};

// Weights that are the same on every machine: whole steps of 2^-24 times a power of two.
void fill(Store& store) {
  uint64_t stream = 0;
  for (const std::string& name : store.names()) {
    const Tensor t = store.find(name);
    const Rng rng(17, stream++);
    const bool positive = name.ends_with("running_var") || (t.shape.rank() == 1 && name.ends_with("weight"));
    for (int64_t i = 0; t.dtype == DType::f32 && i < t.count(); ++i) {
      const float u = rng.uniform(static_cast<uint64_t>(i));
      t.as<float>()[i] = positive ? 0.5F + u : (u - 0.5F) * (t.shape.rank() == 4 ? 0.25F : 1.0F);
    }
  }
}

std::vector<uint8_t> bytes_of_images() {
  std::vector<uint8_t> bytes(images * size * size);
  const Rng rng(17, 1000);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(rng.below(i, 256));
  return bytes;
}

std::string small_onnx() {
  Small small(1);
  Store store(small.g, 0, false);
  fill(store);
  Description graph(small.g, store);
  weights::OnnxModel model;
  model.name = "small";
  model.description = "for tests";
  model.version = "0";
  model.inputs = {{"image", "", DType::u8, {1, size, size}}};
  model.outputs = {{"logits", graph.of(small.logits), DType::f32, {classes}}};
  model.metadata = {{"preprocess.size", "48"}};
  return weights::onnx_bytes(graph, model);
}

}  // namespace

TEST_CASE("onnx: the file that ONNX Runtime was given is the file that is written, and its logits are ours") {
  const std::string written = small_onnx();
  const std::string committed = read_text(data_folder_here / "small.onnx");
  if (written != committed) {
    const fs::path fresh = fs::temp_directory_path() / "small.onnx";
    write_text(fresh, written);
    FAIL(
        fresh.string() << " differs from tests/apps/data/small.onnx: if that was meant, tools/make_onnx_oracle.py takes it over");
  }
  std::ifstream in(data_folder_here / "small.logits");
  std::vector<double> expected;
  for (double x = 0; in >> x;) expected.push_back(x);
  REQUIRE(expected.size() == images * classes);

  Small small(images);
  Store store(small.g, 0, false);
  fill(store);
  Arena arena;
  PlanOptions options;
  options.keep = {small.logits};
  Program program = plan(small.g, options, store, arena);
  const auto bytes = bytes_of_images();
  std::memcpy(program.tensor(small.image).data, bytes.data(), bytes.size());
  program.run();
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(static_cast<double>(program.tensor(small.logits).as<float>()[i]) - expected[i]) < 1e-4);
  }
}

TEST_CASE("onnx: every model of the registry hangs together") {
  for (const Model& m : models()) {
    CAPTURE(m.name);
    ModelDescription d;
    d.model = m.name;
    d.classes = {"A", "B"};
    d.cutoffs = {0.5F, std::nullopt};
    d.recipe.size = 64;
    NetworkSpec spec = network_spec(d, {});
    const Store store = Network::make_store(spec, 3, false);
    const auto model = fields_of(model_as_onnx(d, store));
    CHECK(all(model, 1) == std::vector<std::string>{"8"});
    CHECK(fields_of(all(model, 8).at(0)).find(2)->second == "17");
    std::map<std::string, std::string> metadata;
    for (const std::string& entry : all(model, 14)) metadata[all(fields_of(entry), 1).at(0)] = all(fields_of(entry), 2).at(0);
    CHECK(metadata.at("preprocess.size") == "64");
    CHECK(metadata.at("preprocess.equalize") == "yes");
    CHECK(metadata.at("thorax.classes") == R"(["A", "B"])");

    const auto graph = fields_of(all(model, 7).at(0));
    std::set<std::string> known;
    std::set<std::string> constants;
    for (const std::string& input : all(graph, 11)) known.insert(all(fields_of(input), 1).at(0));
    CHECK(known == std::set<std::string>{"image"});
    for (const std::string& constant : all(graph, 5)) {
      const auto fields = fields_of(constant);
      int64_t count = 1;
      for (const std::string& dimension : all(fields, 1)) count *= std::stoll(dimension);
      const std::string name = all(fields, 8).at(0);
      CHECK(all(fields, 9).at(0).size() == static_cast<size_t>(count) * 4);
      CHECK(constants.insert(name).second);
      const Tensor stored = store.find(name);
      if (stored) CHECK(std::memcmp(stored.data, all(fields, 9).at(0).data(), stored.bytes()) == 0);
    }
    known.insert(constants.begin(), constants.end());
    std::set<std::string> used;
    for (const std::string& node : all(graph, 1)) {
      const auto fields = fields_of(node);
      for (const std::string& input : all(fields, 1)) {
        CHECK_MESSAGE(known.count(input) == 1, input);
        used.insert(input);
      }
      CHECK(known.insert(all(fields, 2).at(0)).second);
    }
    CHECK(known.count("logits") + known.count("probabilities") == 2);
    for (const std::string& constant : constants) CHECK_MESSAGE(used.count(constant) == 1, constant);
    // Every weight is there, but the filter that was summed over its channels and the counters.
    for (const std::string& name : store.names()) {
      if (store.find(name).dtype == DType::f32 && store.find(name).shape.rank() != 4)
        CHECK_MESSAGE(constants.count(name) == 1, name);
    }
  }
}
