#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "apps/initial_weights.h"
#include "apps/network.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;
using weights::WeightFile;
using weights::WeightTensor;

namespace {

// A file as others write one: the model's names, changed by `rename` ("": left out), and some that are not the model's.
template <class Rename>
weights::NameMatch match_renamed(const std::string& model, const Rename& rename, std::vector<WeightTensor>& file) {
  std::vector<std::string> names;
  for (const ModelTensor& t : tensors_of_model(model, 3)) names.push_back(t.name);
  file.push_back({"optimizer.state.0.momentum_buffer", "F32", 4, {}, {}, {}});
  for (const std::string& name : names) {
    if (const std::string theirs = rename(name); !theirs.empty()) file.push_back({theirs, "F32", 4, {}, {}, {}});
  }
  return weights::match_names(names, file);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string old_torchvision(const std::string& name) {
  if (name.find("denselayer") == std::string::npos) return name;
  for (const char* part : {"norm1", "norm2", "conv1", "conv2"}) {
    const std::string changed = replaced(name, part, std::string(part, 4) + '.' + part[4]);
    if (changed != name) return changed;
  }
  return name;
}

std::string monai(const std::string& name) {
  const size_t at = name.find("denselayer");
  if (at != std::string::npos) return std::string(name).insert(name.find('.', at), ".layers");
  return replaced(name, "classifier", "class_layers.out");
}

}  // namespace

TEST_CASE("names: styles and prefixes of others are found, whatever stands before them") {
  struct Case {
    const char* style;
    const char* prefix;
    std::string (*rename)(const std::string&);
  };
  const auto same = [](const std::string& name) { return name; };
  for (const Case& c : std::initializer_list<Case>{{"torchvision", "", same},
                                                   {"torchvision", "state_dict.module.", same},
                                                   {"torchvision", "model.densenet121.", same},
                                                   {"torchvision before 0.3", "", old_torchvision},
                                                   {"torchvision before 0.3", "state_dict.module.densenet121.", old_torchvision},
                                                   {"MONAI", "net.", monai}}) {
    CAPTURE(c.style);
    CAPTURE(c.prefix);
    std::vector<WeightTensor> file;
    const auto match = match_renamed(
        "densenet121", [&](const std::string& name) { return c.prefix + c.rename(name); }, file);
    CHECK(match.style == c.style);
    CHECK(match.prefix == c.prefix);
    CHECK(match.matched == match.found.size());
    CHECK(match.unused.size() == 1);
    const auto wanted = tensors_of_model("densenet121", 3);
    for (size_t i = 0; i < wanted.size(); ++i) CHECK(match.found[i]->name == c.prefix + c.rename(wanted[i].name));
  }
}

TEST_CASE("names: of two whole models in a file the first is taken") {
  std::vector<WeightTensor> file;
  for (const char* prefix : {"state_dict.", "ema."}) {
    for (const ModelTensor& t : tensors_of_model("densenet121", 3)) file.push_back({prefix + t.name, "F32", 4, {}, {}, {}});
  }
  std::vector<std::string> names;
  for (const ModelTensor& t : tensors_of_model("densenet121", 3)) names.push_back(t.name);
  CHECK(weights::match_names(names, file).prefix == "state_dict.");
  CHECK(weights::match_names(names, file).unused.size() == names.size());
  CHECK(weights::match_names(names, {}).matched == 0);
}

TEST_CASE("names: hostile ones cost little") {
  std::vector<WeightTensor> file(1000, {std::string(1000, '.'), "F32", 4, {}, {}, {}});
  CHECK(weights::match_names({"features.conv0.weight"}, file).matched == 0);
}

TEST_CASE("weights of a file: the backbone is taken exactly, the head stays as it was drawn") {
  const TemporaryFolder folder;
  NetworkSpec spec;
  spec.classes = 3;
  const Store theirs = Network::make_store(spec, 5, false);
  Store ours = Network::make_store(spec, 6, false);
  const Store drawn = Network::make_store(spec, 6, false);
  std::vector<float> stem(64 * 7 * 7);
  for (size_t i = 0; i < stem.size(); ++i) stem[i] = 0.01F * static_cast<float>(i % 97) - 0.5F;
  std::vector<NamedTensor> tensors;
  for (const std::string& name : theirs.names()) {
    if (name == "features.conv0.weight") {
      tensors.push_back({"module." + name, {stem.data(), {64, 1, 7, 7}, DType::f32}});
    } else if (name.find("num_batches_tracked") == std::string::npos) {  // as files before PyTorch 0.4.1
      tensors.push_back({"module." + name, theirs.find(name)});
    }
  }
  float threshold = 0.5F;
  tensors.push_back({"module.op_threshs", {&threshold, {1}, DType::f32}});
  write_safetensors(folder / "f", tensors, {});

  const WeightFile file(folder / "f");
  const uint64_t version = ours.version();
  const std::string report = take_weights(file, "densenet121", 0, ours);
  CHECK(ours.version() > version);
  CHECK(
      report ==
      "604 of the 604 tensors of densenet121's backbone; names as in torchvision, behind \"module.\"; a stem of one channel, w/3 "
      "for each of three\n        not taken: module.classifier.weight, module.classifier.bias, module.op_threshs");
  for (const std::string& name : ours.names()) {
    CAPTURE(name);
    const Tensor t = ours.find(name);
    if (name == "features.conv0.weight") {
      for (int64_t i = 0; i < t.count(); ++i) {
        const float w = stem[static_cast<size_t>(i / 147 * 49 + i % 49)];
        CHECK(t.as<float>()[i] == w / 3.0F);
      }
      continue;
    }
    const bool head = name.starts_with("classifier.");
    const Tensor expected = head ? drawn.find(name) : theirs.find(name);
    CHECK(std::memcmp(t.data, expected.data, t.bytes()) == 0);
  }
  // With its head, and only for as many classes as it has.
  take_weights(file, "densenet121", 3, ours);
  for (const char* name : {"classifier.weight", "classifier.bias"}) {
    CHECK(std::memcmp(ours.find(name).data, theirs.find(name).data, theirs.find(name).bytes()) == 0);
  }
  CHECK_THROWS_WITH_AS(take_weights(file, "densenet121", 4, ours),
                       doctest::Contains("classifier.weight is [3,1024] F32, not [4,1024]"), Error);
  const auto scaling = input_scaling(file);
  REQUIRE(scaling);
  for (const int pixel : {0, 100, 255}) {  // (2 x/255 - 1) 1024, as torchxrayvision feeds it
    const double fed = (pixel / 255.0 - static_cast<double>(scaling->mean)) / static_cast<double>(scaling->std);
    CHECK(fed == doctest::Approx((2 * pixel / 255.0 - 1) * 1024));
  }
}

TEST_CASE("weights of a file: what does not fit is told in one line") {
  const TemporaryFolder folder;
  NetworkSpec spec;
  spec.classes = 2;
  Store store = Network::make_store(spec, 1, false);
  float values[4] = {1, 2, 3, std::nanf("")};
  const auto message = [&](const std::vector<NamedTensor>& tensors) -> std::string {
    write_safetensors(folder / "f", tensors, {});
    try {
      take_weights(WeightFile(folder / "f"), "densenet121", 0, store);
      return "accepted";
    } catch (const Error& e) {
      CHECK(e.fault() == Fault::input);
      return e.what();
    }
  };
  const std::string path = (folder / "f").string();
  CHECK(message({{"a.b", {values, {4}, DType::f32}}}) ==
        path + ": none of its 1 tensors has a name of densenet121; the first is a.b");
  CHECK(message({{"features.norm0.weight", {values, {4}, DType::f32}}}) ==
        path +
            ": of the 604 tensors of densenet121 603 are missing: features.conv0.weight, features.norm0.bias, "
            "features.norm0.running_mean and 600 more; 1 do not fit: features.norm0.weight is [4] F32, not [64]");
  // A number that is none, in an otherwise whole file.
  const Store other = Network::make_store(spec, 2, false);
  *other.find("features.norm5.bias").as<float>() = std::nanf("");
  std::vector<NamedTensor> tensors;
  for (const std::string& name : other.names()) tensors.push_back({name, other.find(name)});
  CHECK(message(tensors) == path + ": features.norm5.bias holds numbers that are not finite");
}
