// cuDNN finalises its plans from a description of a GPU, without the GPU: an unsupported graph is found here, not in front of
// one. Only engines that cuDNN has compiled beforehand are asked; those that it compiles at run time need a driver.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "kernels/cuda/cudnn.h"
#include "models/registry.h"
#include "tests/cuda/model_convolutions.h"

using namespace thorax;
using namespace thorax::test;

namespace {

std::shared_ptr<const cuda::CudnnDevice> described(const std::string& gpu) {
  std::ifstream in(std::string(THORAX_SOURCE_DIR) + "/tests/cuda/data/" + gpu + ".json", std::ios::binary);
  std::string json{std::istreambuf_iterator<char>(in), {}};
  REQUIRE_MESSAGE(!json.empty(), gpu);
  while (json.back() == '\n') json.pop_back();
  return cuda::cudnn_device(json);
}

// What is expected not to be supported, and why.
bool expected_to_fail(const std::string& gpu, DType dtype) {
  return gpu == "rtx2080ti" && dtype == DType::bf16;  // compute capability 7.5 has no bf16
}

struct Count {
  int made = 0, refused = 0, with_tensor_cores = 0;
  size_t largest_workspace = 0;
};

void ask(const std::shared_ptr<const cuda::CudnnDevice>& device, ConvPass pass, const NamedConv& conv, Count& count,
         std::string& first_refusal) {
  try {
    const cuda::ConvPlan plan(device, pass, conv.shape, {});
    ++count.made;
    count.with_tensor_cores += plan.uses_tensor_cores() ? 1 : 0;
    count.largest_workspace = std::max(count.largest_workspace, plan.workspace_bytes());
  } catch (const Error& e) {
    ++count.refused;
    if (first_refusal.empty()) first_refusal = str(conv.name, ": ", e.what());
  }
}

void ask_all(const std::string& gpu) {
  const auto device = described(gpu);
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    Count count;
    std::string refusal;
    const ModelConvolutions convolutions = all_convolutions(32, 512, dtype);
    for (const NamedConv& conv : convolutions.all()) {
      ask(device, ConvPass::forward, conv, count, refusal);
      ask(device, ConvPass::backward_filter, conv, count, refusal);
      if (conv.wants_data) ask(device, ConvPass::backward_data, conv, count, refusal);
    }
    CAPTURE(refusal);
    MESSAGE(str(gpu, ' ', dtype, ": ", count.made, " plans, ", count.refused, " refused, ", count.with_tensor_cores,
                " with tensor cores, largest workspace ", count.largest_workspace >> 20, " MiB"));
    CHECK(count.made + count.refused == convolutions.passes());
    if (expected_to_fail(gpu, dtype)) {
      CHECK(count.made == 0);
      continue;
    }
    CHECK(count.refused == 0);
    // fp32 stays fp32 unless TF32 is asked for; in 16 bits nearly everything must use the tensor cores (a few slow engines for
    // the stem's one plane do not).
    CHECK(count.with_tensor_cores >= (dtype == DType::f32 ? 0 : count.made - 2));
    if (dtype == DType::f32) CHECK(count.with_tensor_cores == 0);
  }
}

}  // namespace

TEST_CASE("cuDNN: the list of convolutions has every filter of every model") {
  const ModelConvolutions convolutions = all_convolutions(1, 512, DType::f32);
  std::vector<Shape> listed, found;
  for (const NamedConv& c : convolutions.all()) {
    const Shape f = c.shape.filter();
    if (f[1] != 1) listed.push_back(f);  // of one plane: the fold of three
  }
  for (const Model& model : models()) {
    Graph g(true);
    model.build(g, g.input("x", {1, 1, 64, 64}, DType::f32, Layout::plain, false), 10);
    for (const ValueInfo& v : g.values()) {
      if (v.role != Role::parameter || v.shape.rank() != 4) continue;
      CAPTURE(v.name);
      CAPTURE(v.shape);
      CHECK(std::find(listed.begin(), listed.end(), v.shape) != listed.end());
      found.push_back(v.shape);
    }
  }
  for (const Shape& shape : listed) {
    CAPTURE(shape);
    CHECK(std::find(found.begin(), found.end(), shape) != found.end());
  }
}

TEST_CASE("cuDNN: every convolution of every model has a deterministic plan on an H200") {
  ask_all("h200");
}
TEST_CASE("cuDNN: every convolution of every model has a deterministic plan on an A100") {
  ask_all("a100");
}
TEST_CASE("cuDNN: every convolution of every model has a deterministic plan on an RTX 4090") {
  ask_all("rtx4090");
}
TEST_CASE("cuDNN: on an RTX 2080 Ti fp32 and fp16 have plans, bf16 has none") {
  ask_all("rtx2080ti");
}

TEST_CASE("cuDNN: the rules are kept: TF32 on request, and the limit of the workspace") {
  const auto device = described("h200");
  const Conv2dShape s{32, 256, 64, 64, 128, 1, 1, 0, DType::f32, false};
  const cuda::ConvPlan exact(device, ConvPass::forward, s, {});
  const cuda::ConvPlan fast(device, ConvPass::forward, s, {.tensor_float = true});
  CHECK(!exact.uses_tensor_cores());
  CHECK(fast.uses_tensor_cores());
  const cuda::ConvPlan small(device, ConvPass::forward, s, {.workspace_limit = 0});
  CHECK(small.workspace_bytes() == 0);
  CHECK_THROWS_WITH_AS(small.run({}), doctest::Contains("only described"), Error);
}

TEST_CASE("cuDNN: plans have names that find them again, more are allowed where the order of sums is free") {
  const auto device = described("h200");
  for (const ConvPass pass : {ConvPass::forward, ConvPass::backward_data, ConvPass::backward_filter}) {
    CAPTURE(cuda::name_of(pass));
    const Conv2dShape s{32, 128, 64, 64, 32, 3, 1, 1, DType::f16, false};
    const std::vector<std::string> names = cuda::ConvPlan::names(device, pass, s, {}, 6);
    REQUIRE(names.size() > 1);
    CHECK(cuda::ConvPlan(device, pass, s, {}).name() == names[0]);
    for (const std::string& name : names) {
      CHECK(std::count(names.begin(), names.end(), name) == 1);
      CHECK(cuda::ConvPlan(device, pass, s, {}, name).name() == name);
    }
    CHECK_THROWS_WITH_AS(cuda::ConvPlan(device, pass, s, {}, "1 2=3"), doctest::Contains("cuDNN has no plan 1 2=3"), Error);
    // Of the engines compiled beforehand only fp32 ones have no fixed order, and none of the forward pass.
    Conv2dShape single = s;
    single.dtype = DType::f32;
    const size_t strict = cuda::ConvPlan::names(device, pass, single, {}, 1000).size();
    const size_t loose = cuda::ConvPlan::names(device, pass, single, {.any_order = true}, 1000).size();
    CHECK((pass == ConvPass::forward ? loose >= strict : loose > strict));
  }
}

TEST_CASE("cuDNN: text that describes no GPU is refused with cuDNN's reason") {
  CHECK_THROWS_WITH_AS(cuda::cudnn_device(std::string("{\"deviceVer\": ")), doctest::Contains("cuDNN"), Error);
}
