// The reader, the draws and the sketches agree with what tools/make_parity.py wrote; and the rule fails what it should fail.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>

#include "tests/parity/oracle.h"

using namespace thorax;
using namespace thorax::parity;

namespace {

const std::vector<std::string> cases{"densenet121_rgb96",  "densenet121_grey96", "densenet121_grey224", "densenet169_rgb96",
                                     "densenet169_grey96", "densenet201_rgb96",  "densenet201_grey96",  "resnet18_rgb96",
                                     "resnet18_grey96",    "resnet50_rgb96",     "resnet50_grey96",     "resnet101_rgb96",
                                     "resnet101_grey96"};

// With ten outputs: elements and tensors among the parameters, batch norms (torchvision 0.14).
struct Size {
  int64_t elements;
  size_t tensors;
  int64_t norms;
};
const std::map<std::string, Size> sizes{{"densenet121", {6964106, 364, 121}},  {"densenet169", {12501130, 508, 169}},
                                        {"densenet201", {18112138, 604, 201}}, {"resnet18", {11181642, 62, 20}},
                                        {"resnet50", {23528522, 161, 53}},     {"resnet101", {42520650, 314, 104}}};

std::vector<float> drawn(const Oracle& oracle, const std::string& name) {
  if (name == "input") return draw_input(oracle);
  if (name == "labels") return draw_labels(oracle);
  const auto p =
      std::find_if(oracle.parameters.begin(), oracle.parameters.end(), [&](const Parameter& q) { return q.name == name; });
  REQUIRE(p != oracle.parameters.end());
  std::vector<float> x(static_cast<size_t>(p->shape.count()));
  draw(oracle, *p, x.data());
  return x;
}

// The sketch must be Python's to the last bit that the file keeps.
void check_draw(const Oracle& oracle, const std::string& name, const Record& record) {
  CAPTURE(name);
  const std::vector<float> x = drawn(oracle, name);
  const auto count = static_cast<int64_t>(x.size());
  REQUIRE(count == record.shape.count());
  const std::vector<float>& head = oracle.heads.at(name);
  CHECK(std::vector<float>(x.begin(), x.begin() + static_cast<int64_t>(head.size())) == head);
  double squares = 0;
  for (float v : x) squares += static_cast<double>(v) * static_cast<double>(v);
  CHECK(std::sqrt(squares / static_cast<double>(count)) == doctest::Approx(record.rms).epsilon(1e-8));
  const std::vector<double> found = sketch(x.data(), count, oracle.sketch_seed, record.stream);
  REQUIRE(found.size() == record.values.size());
  for (size_t i = 0; i < found.size(); ++i)
    CHECK(std::abs(found[i] - record.values[i]) <= 0x1p-23 * std::abs(found[i]) + 1e-10 * record.rms);
}

// A file of one record, to see what the reader and the rule make of it.
std::filesystem::path file_with(const std::string& text) {
  const auto path = std::filesystem::temp_directory_path() / str("thorax_oracle_", getpid(), ".txt");
  std::ofstream(path) << text;
  return path;
}

std::string error_of(const std::string& text) {
  const auto path = file_with(text);
  std::string what;
  try {
    read_oracle_file(path);
  } catch (const Error& e) {
    what = e.what();
  }
  std::filesystem::remove(path);
  return what;
}

}  // namespace

TEST_CASE("draws and sketches agree with Python's in every case") {
  for (const std::string& name : cases) {
    CAPTURE(name);
    const Oracle oracle = read_oracle(name);
    int draws = 0;
    for (const auto& [key, record] : oracle.records) {
      if (key.first != "draw") continue;
      check_draw(oracle, key.second, record);
      ++draws;
    }
    CHECK(draws == 8);
  }
}

TEST_CASE("every parameter has its gradient and its final value, every batch norm its running statistics") {
  for (const std::string& name : cases) {
    CAPTURE(name);
    const Oracle oracle = read_oracle(name);
    const Size& size = sizes.at(oracle.model);
    CHECK(oracle.parameters.size() == size.tensors);
    int64_t count = 0;
    for (const Parameter& p : oracle.parameters) {
      count += p.shape.count();
      CHECK(oracle.find("gradient", p.name).shape == p.shape);
      CHECK(oracle.find("final", p.name).shape == p.shape);
    }
    CHECK(count == size.elements);
    const auto running =
        std::count_if(oracle.records.begin(), oracle.records.end(), [](const auto& r) { return r.first.first == "running"; });
    CHECK(running == 2 * size.norms);
    CHECK(oracle.find("output", "logits").shape == Shape{oracle.batch, oracle.classes});
    CHECK(oracle.find("output", "losses").shape == Shape{oracle.steps});
    CHECK_THROWS_WITH_AS(oracle.find("gradient", "nothing"), "the oracle has no gradient nothing", Error);
  }
}

TEST_CASE("the oracle is one that PyTorch itself can meet: its gradients in float32 and bfloat16 are not noise") {
  for (const std::string& name : cases) {
    CAPTURE(name);
    const Oracle oracle = read_oracle(name);
    std::vector<double> f32, bf16;
    for (const Parameter& p : oracle.parameters) {
      const Record& r = oracle.find("gradient", p.name);
      f32.push_back(r.f32_error / r.rms);
      bf16.push_back(r.bf16_error / r.rms);
    }
    std::sort(f32.begin(), f32.end());
    std::sort(bf16.begin(), bf16.end());
    CHECK(f32[f32.size() / 2] < 1e-4);
    // ReLUs behind additions have many inputs near zero, of which bfloat16 turns some (README.md).
    CHECK(bf16[bf16.size() / 2] < (name.starts_with("resnet") ? 0.35 : 0.15));
  }
}

TEST_CASE("the rule: PyTorch's error times a factor, or the floor, scalars against the floor, NaN and wrong counts fail") {
  // Two elements of 1.0 with errors 1e-3 (float32) and 1e-1 (bfloat16), and a scalar of 1.0.
  const auto path = file_with(
      "thorax-parity 1\ngradient w 2 0 1 1e-3 1e-1 3f8000003f800000\ngradient exact 2 1 1 0 0 3f8000003f800000\n"
      "output loss 1 2 1 1e-3 1e-1 3f800000\n");
  const Oracle oracle = read_oracle_file(path);
  std::filesystem::remove(path);
  const auto passes = [&](DType dtype, const std::string& kind, const std::string& name, std::vector<float> x) {
    Comparison comparison(oracle, dtype, 3);
    comparison.check(kind, name, x.data(), static_cast<int64_t>(x.size()));
    return comparison.passed();
  };
  CHECK(passes(DType::f32, "gradient", "w", {1.0029F, 0.9971F}));
  CHECK_FALSE(passes(DType::f32, "gradient", "w", {1.0031F, 0.9969F}));
  CHECK(passes(DType::bf16, "gradient", "w", {1.29F, 0.71F}));
  CHECK_FALSE(passes(DType::bf16, "gradient", "w", {1.31F, 0.69F}));
  CHECK(passes(DType::f32, "gradient", "exact", {1 + 0x1p-21F, 1 - 0x1p-21F}));
  CHECK_FALSE(passes(DType::f32, "gradient", "exact", {1 + 0x1p-19F, 1 - 0x1p-19F}));
  CHECK(passes(DType::f32, "output", "loss", {1 + 0x1p-21F}));
  CHECK_FALSE(passes(DType::f32, "output", "loss", {1.001F}));
  CHECK_FALSE(passes(DType::bf16, "gradient", "w", {1, std::numeric_limits<float>::quiet_NaN()}));
  CHECK_FALSE(passes(DType::bf16, "gradient", "w", {1}));
  CHECK_FALSE(passes(DType::bf16, "gradient", "w", {0, 0}));
}

TEST_CASE("a sketch keeps the size of an error, and one turned sign shows") {
  const Rng rng(7, 7);
  std::vector<float> x(10000);
  for (size_t i = 0; i < x.size(); ++i) x[i] = rng.normal(i);
  const auto size_of_sketch = [](const std::vector<double>& s) {
    double squares = 0;
    for (double v : s) squares += v * v;
    return std::sqrt(squares / static_cast<double>(s.size()));
  };
  const std::vector<double> before = sketch(x.data(), 10000, 1, 2);
  CHECK(size_of_sketch(before) == doctest::Approx(1).epsilon(0.3));
  x[1234] = -x[1234];
  std::vector<double> change = sketch(x.data(), 10000, 1, 2);
  for (size_t i = 0; i < change.size(); ++i) change[i] -= before[i];
  CHECK(size_of_sketch(change) == doctest::Approx(2 * std::abs(x[1234]) / 100).epsilon(1e-6));
}

TEST_CASE("a broken oracle file is named with its line") {
  CHECK(error_of("something else\n").find("does not begin with") != std::string::npos);
  CHECK(error_of("thorax-parity 1\nsgd ten 1 1 1\n").find(":2: 'ten' is no number") != std::string::npos);
  CHECK(error_of("thorax-parity 1\n\nsgd 10 1\n").find(":3: a word is missing") != std::string::npos);
  CHECK(error_of("thorax-parity 1\ngradient w 2 0 1 0 0 3f80000\n").find("eight digits") != std::string::npos);
  CHECK(error_of("thorax-parity 1\ngradient w 2x2x2 0 1 0 0 3f800000\n").find("rank 3") != std::string::npos);
}
