// conv2d, batch_norm_relu_conv2d and residual_add_relu beside their formulas in double, output and gradients.
#include "layers/residual.h"

#include "layers/batch_norm_relu.h"
#include "tests/layers/naive_residual.h"
#include "tests/layers/op_harness.h"

using namespace thorax;
using namespace thorax::test;

namespace {

// Batches that are walked whole, in one call, and as images side by side; odd sides; one image; evaluation mode; a shared input.
std::vector<OpCase> residual_cases(int64_t height, int64_t width) {
  const int64_t b = channel_block();
  std::vector<OpCase> all;
  for (const bool training : {true, false}) {
    all.push_back({{2, 2 * b, height, width}, test_layout(), DType::f32, training, true, 2});
    all.push_back({{1, b, height, width}, test_layout(), DType::f32, training, false, 1});
    all.push_back({{3, b, height, width}, test_layout(), DType::f32, training, false, 2, true});
    all.push_back({{1, 2 * b, height, width}, test_layout(), DType::f16, training, true, 2});
    if (test_has_bf16()) {
      all.push_back({{4, b, height, width}, test_layout(), DType::bf16, training, false, 2});
      all.push_back({{1, 2 * b, height, width}, test_layout(), DType::bf16, training, true, 2});
    }
  }
  return all;
}

double tolerance(const OpCase& c) {
  return c.dtype == DType::f32 ? 4e-6 : c.dtype == DType::f16 ? 0.004 : 0.02;
}
double gradient_tolerance(const OpCase& c) {
  return c.dtype == DType::f32 ? 5e-4 : 0.2;
}

Volume strided(const Volume& x, int64_t stride) {
  return stride == 2 ? every_second(x) : x;
}

// Parameters are randomised by the word norm in their names (op_harness.h).
void check_conv(const OpCase& c, const Conv2dSpec& spec) {
  CAPTURE(spec.kernel);
  CAPTURE(spec.stride);
  check_op(
      c, [&](Graph& g, Value x) { return conv2d(g, "conv", x, spec).y; },
      [&](const Volume& x, const Store& s, bool) { return strided(naive_conv(x, s, "conv"), spec.stride); }, tolerance(c),
      gradient_tolerance(c));
}

void check_normed_conv(const OpCase& c, const Conv2dSpec& spec) {
  CAPTURE(spec.kernel);
  CAPTURE(spec.stride);
  check_op(
      c,
      [&](Graph& g, Value x) {
        const ConvOutput first = conv2d(g, "first", x, {channel_block(), 1, 1});
        return batch_norm_relu_conv2d(g, "norm", "conv", first, spec).y;
      },
      [&](const Volume& x, const Store& s, bool training) {
        const Volume normed = naive_batch_norm_relu(naive_conv(x, s, "first"), s, "norm", training);
        return strided(naive_conv(normed, s, "conv"), spec.stride);
      },
      tolerance(c), gradient_tolerance(c));
}

}  // namespace

TEST_CASE("conv2d: output and gradients, 1x1 and 3x3, stride 1 and 2") {
  for (const int64_t stride : {1, 2}) {
    for (const OpCase& c : residual_cases(5, 6)) {
      check_conv(c, {2 * channel_block(), 3, stride});
      check_conv(c, {channel_block(), 1, stride});
    }
  }
}

TEST_CASE("batch_norm_relu_conv2d: output and gradients, 1x1 and 3x3, stride 1 and 2") {
  for (const int64_t stride : {1, 2}) {
    for (const OpCase& c : residual_cases(5, 6)) {
      check_normed_conv(c, {channel_block(), 3, stride});
      check_normed_conv(c, {2 * channel_block(), 1, stride});
    }
  }
}

TEST_CASE("conv2d: its statistics are those of its output, for the batch norm behind it") {
  for (const OpCase& c : residual_cases(7, 5)) {
    check_op(
        c,
        [](Graph& g, Value x) {
          const ConvOutput y = conv2d(g, "conv", x, {2 * channel_block(), 3, 1});
          return batch_norm_relu(g, "norm", y.y, y.statistics);
        },
        [](const Volume& x, const Store& s, bool training) {
          return naive_batch_norm_relu(naive_conv(x, s, "conv"), s, "norm", training);
        },
        tolerance(c), gradient_tolerance(c));
  }
}

TEST_CASE("residual_add_relu, identity: a block's input gets both gradients") {
  for (const OpCase& c : residual_cases(5, 3)) {
    check_op(
        c,
        [&](Graph& g, Value x) {
          const ConvOutput y = conv2d(g, "conv", x, {c.x[1], 3, 1});
          return residual_add_relu(g, "block", normalised(g, "norm", y), {x});
        },
        [](const Volume& x, const Store& s, bool training) {
          return naive_sum_relu(naive_batch_norm(naive_conv(x, s, "conv"), s, "norm", training), x);
        },
        tolerance(c), gradient_tolerance(c));
  }
}

TEST_CASE("residual_add_relu, projection: a strided shortcut with its own batch norm") {
  for (const OpCase& c : residual_cases(5, 4)) {
    check_op(
        c,
        [](Graph& g, Value x) {
          const int64_t channels = 2 * channel_block();
          const Summand branch = normalised(g, "norm", conv2d(g, "conv", x, {channels, 3, 2}));
          return residual_add_relu(g, "block", branch,
                                   normalised(g, "shortcut_norm", conv2d(g, "shortcut", x, {channels, 1, 2})));
        },
        [](const Volume& x, const Store& s, bool training) {
          const Volume branch = naive_batch_norm(every_second(naive_conv(x, s, "conv")), s, "norm", training);
          const Volume shortcut = naive_batch_norm(every_second(naive_conv(x, s, "shortcut")), s, "shortcut_norm", training);
          return naive_sum_relu(branch, shortcut);
        },
        tolerance(c), gradient_tolerance(c));
  }
}

TEST_CASE("conv2d, residual_add_relu: what does not fit is refused with its name and shapes") {
  Graph g(true);
  const int64_t b = channel_block();
  const Value plain = g.input("plain", {1, b, 4, 4});
  CHECK_THROWS_WITH_AS(conv2d(g, "c", plain, {b, 1, 1}), doctest::Contains("c: x is [1,"), Error);
  const Value x = g.input("x", {1, b, 4, 4}, DType::f32, Layout::blocked);
  const ConvOutput half = conv2d(g, "half", x, {b, 3, 2});
  CHECK_THROWS_WITH_AS(residual_add_relu(g, "block", normalised(g, "n", half), {x}), doctest::Contains("the shortcut [1,"),
                       Error);
  CHECK_THROWS_WITH_AS(residual_add_relu(g, "block", {x}, {x}), doctest::Contains("a batch norm in the branch"), Error);
}
