#include "layers/batch_norm_relu.h"
#include "layers/linear.h"
#include "layers/pool.h"
#include "layers/stem.h"
#include "layers/transition.h"
#include "tests/layers/op_harness.h"

using namespace thorax;
using namespace thorax::test;

namespace {

// The cases of an op on blocked activations: batch 1 and more, odd sides, threads, both dtypes, both modes, a shared input.
std::vector<OpCase> blocked_cases(int64_t height, int64_t width) {
  const int64_t b = channel_block();
  std::vector<OpCase> all;
  for (const bool training : {true, false}) {
    all.push_back({{2, 2 * b, height, width}, test_layout(), DType::f32, training, true, 2});
    all.push_back({{1, b, height, width}, test_layout(), DType::f32, training, false, 1});
    if (test_has_bf16()) all.push_back({{3, b, height, width}, test_layout(), DType::bf16, training, false, 2});
    all.push_back({{3, b, height, width}, test_layout(), DType::f16, training, false, 2});
  }
  return all;
}

double tolerance(const OpCase& c) {
  return c.dtype == DType::f32 ? 2e-6 : c.dtype == DType::f16 ? 0.002 : 0.01;
}

double gradient_tolerance(const OpCase& c) {
  return c.dtype == DType::f32 ? 5e-4 : 0.2;
}

Volume naive_avg_pool(const Volume& x) {
  Volume y(x.n, x.c, x.h / 2, x.w / 2);
  for (int64_t i = 0; i < y.n; ++i)
    for (int64_t k = 0; k < y.c; ++k)
      for (int64_t h = 0; h < y.h; ++h)
        for (int64_t w = 0; w < y.w; ++w)
          y.at(i, k, h, w) = (x.at(i, k, 2 * h, 2 * w) + x.at(i, k, 2 * h, 2 * w + 1) + x.at(i, k, 2 * h + 1, 2 * w) +
                              x.at(i, k, 2 * h + 1, 2 * w + 1)) /
                             4;
  return y;
}

// 7x7, stride 2, padding 3; every input channel of the filter sees the plane of a grey image.
Volume naive_stem(const Volume& x, const Store& store) {
  const Tensor filter = store.find("stem.weight");
  Volume y(x.n, filter.shape[0], (x.h - 1) / 2 + 1, (x.w - 1) / 2 + 1);
  for (int64_t i = 0; i < y.n; ++i)
    for (int64_t o = 0; o < y.c; ++o)
      for (int64_t h = 0; h < y.h; ++h)
        for (int64_t w = 0; w < y.w; ++w)
          for (int64_t t = 0; t < 3 * 49; ++t) {
            const int64_t c = t / 49, row = 2 * h + t % 49 / 7 - 3, column = 2 * w + t % 7 - 3;
            if (row < 0 || column < 0 || row >= x.h || column >= x.w) continue;
            y.at(i, o, h, w) +=
                x.at(i, x.c == 1 ? 0 : c, row, column) * static_cast<double>(filter.as<float>()[(o * 3 + c) * 49 + t % 49]);
          }
  return y;
}

}  // namespace

TEST_CASE("batch_norm_relu: output and gradients") {
  for (const OpCase& c : blocked_cases(5, 3)) {
    check_op(
        c, [](Graph& g, Value x) { return batch_norm_relu(g, "norm", x); },
        [](const Volume& x, const Store& s, bool training) { return naive_batch_norm_relu(x, s, "norm", training); },
        tolerance(c), gradient_tolerance(c));
  }
}

TEST_CASE("transition, after a dense block: pooling first gives what the paper's order gives, output and gradients") {
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{4, 6}, {5, 7}}) {
    for (const OpCase& c : blocked_cases(height, width)) {
      check_op(
          c,
          [](Graph& g, Value x) {
            const DenseBlockOutput block = dense_block(g, "block", x, {1, channel_block(), 1, true});
            return transition(g, "t", block, channel_block());
          },
          [](const Volume& x, const Store& s, bool training) {
            const Volume block = naive_dense_block(x, s, "block", 1, training);
            return naive_avg_pool(naive_conv(naive_batch_norm_relu(block, s, "t.norm", training), s, "t.conv"));
          },
          tolerance(c), gradient_tolerance(c));
    }
  }
}

TEST_CASE("stem: grey by the fold equals the plane three times over, colours too") {
  for (const int64_t channels : {1, 3}) {
    for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
      if (dtype == DType::bf16 && !test_has_bf16()) continue;
      const OpCase c{{2, channels, 13, 18}, Layout::plain, dtype, true, false, 2, true};
      check_op(
          c, [](Graph& g, Value x) { return stem(g, "stem", x, 2 * channel_block()); },
          [](const Volume& x, const Store& s, bool) { return naive_stem(x, s); }, tolerance(c), gradient_tolerance(c));
    }
  }
}

TEST_CASE("max_pool: output and gradients") {
  for (const OpCase& c : blocked_cases(7, 6)) {
    check_op(
        c, [](Graph& g, Value x) { return max_pool(g, "pool", x, 3, 2, 1); },
        [](const Volume& x, const Store&, bool) {
          Volume y(x.n, x.c, (x.h - 1) / 2 + 1, (x.w - 1) / 2 + 1);
          for (int64_t i = 0; i < y.n * y.c * y.h * y.w; ++i) {
            const int64_t w = i % y.w, h = i / y.w % y.h, k = i / y.w / y.h % y.c, n = i / y.w / y.h / y.c;
            double best = -INFINITY;
            for (int64_t row = std::max<int64_t>(0, 2 * h - 1); row <= std::min(x.h - 1, 2 * h + 1); ++row)
              for (int64_t column = std::max<int64_t>(0, 2 * w - 1); column <= std::min(x.w - 1, 2 * w + 1); ++column)
                best = std::max(best, x.at(n, k, row, column));
            y.at(n, k, h, w) = best;
          }
          return y;
        },
        tolerance(c), gradient_tolerance(c));
  }
}

TEST_CASE("global_avg_pool, linear, sigmoid: output and gradients of the classifier's head") {
  for (const OpCase& c : blocked_cases(3, 5)) {
    check_op(
        c, [](Graph& g, Value x) { return sigmoid(g, "p", linear(g, "classifier", global_avg_pool(g, "pool", x), 5, false)); },
        [](const Volume& x, const Store& s, bool) {
          const Tensor weight = s.find("classifier.weight");
          Volume y(x.n, 5, 1, 1);
          for (int64_t i = 0; i < x.n; ++i)
            for (int64_t o = 0; o < 5; ++o) {
              double z = value(s, "classifier.bias", o);
              for (int64_t k = 0; k < x.c; ++k)
                for (int64_t p = 0; p < x.h * x.w; ++p)
                  z += x.at(i, k, p / x.w, p % x.w) / static_cast<double>(x.h * x.w) *
                       static_cast<double>(weight.as<float>()[o * x.c + k]);
              y.at(i, o, 0, 0) = 1 / (1 + std::exp(-z));
            }
          return y;
        },
        tolerance(c), gradient_tolerance(c));
  }
}
