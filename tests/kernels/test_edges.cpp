// The kernels at the network's edges: normalise, layout, sigmoid.
#include <algorithm>

#include "kernels/layout.h"
#include "kernels/normalize.h"
#include "kernels/sigmoid.h"
#include "tensor/error.h"
#include "tests/kernels/activation.h"

using namespace thorax;
using namespace thorax::test;

TEST_CASE("normalize: every byte, with the three roundings of float arithmetic") {
  const Shape shape{2, 1, 131, 127};
  std::vector<uint8_t> grey(static_cast<size_t>(shape.count()));
  for (size_t i = 0; i < grey.size(); ++i) grey[i] = static_cast<uint8_t>(i * 7);
  const Tensor x{grey.data(), shape, DType::u8, Layout::plain};
  Plain y(shape);
  std::vector<bf16> half(grey.size());
  normalize(two_threads, x, 0.449F, 0.226F, y.tensor);
  normalize(two_threads, x, 0.449F, 0.226F, Tensor{half.data(), shape, DType::bf16, Layout::plain});
  int64_t wrong = 0;
  for (size_t i = 0; i < grey.size(); ++i) {
    const float share = static_cast<float>(grey[i]) / 255.0F;
    const float centred = share - 0.449F;
    const float expected = centred / 0.226F;
    if (y.values[i] != expected || half[i].bits != to_bf16(expected).bits) ++wrong;
  }
  CHECK(wrong == 0);
  // By hand, in exact arithmetic: (128/255 - 0.449) / 0.226.
  const auto found = std::find(grey.begin(), grey.end(), uint8_t{128}) - grey.begin();
  CHECK(y[found] == doctest::Approx(0.2343398).epsilon(1e-6));
  CHECK_THROWS_AS(normalize(one_thread, x, 0.5F, 0.0F, y.tensor), Error);
  CHECK_THROWS_AS(normalize(one_thread, Tensor{grey.data(), {1, 2, 131, 127}, DType::u8, Layout::plain}, 0.5F, 1.0F, y.tensor),
                  Error);
}

TEST_CASE("layout: plain to blocked and back") {
  const int64_t b = channel_block();
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const bool sliced : {false, true}) {
      const Shape shape{3, 2 * b, 5, 7};
      Plain x(shape), back(shape);
      x.random(1);
      Activation y(shape, dtype, sliced), single(shape, dtype, sliced);
      plain_to_blocked(two_threads, x.tensor, y.slice);
      int64_t place = 0, wrong = 0;
      each(shape, [&](auto... at) {
        const float value = x[place++];
        const float stored = dtype == DType::bf16 ? to_float(to_bf16(value)) : value;
        if (y.get(at...) != static_cast<double>(stored)) ++wrong;
      });
      CHECK(wrong == 0);
      CHECK(y.outside_untouched());
      blocked_to_plain(two_threads, y.slice, back.tensor);
      place = 0;
      each(shape, [&](auto... at) { wrong += static_cast<double>(back[place++]) != y.get(at...) ? 1 : 0; });
      CHECK(wrong == 0);
      plain_to_blocked(one_thread, x.tensor, single.slice);
      CHECK(single.bytes == y.bytes);
    }
  }
  Plain x({1, b, 2, 2});
  Activation y({1, b, 2, 3}, DType::f32);
  const std::string expected = str("plain_to_blocked: x is [1,", b, ",2,2], expected [1,", b, ",2,3]");
  CHECK_THROWS_WITH_AS(plain_to_blocked(one_thread, x.tensor, y.slice), expected.c_str(), Error);
}

TEST_CASE("sigmoid: right at both ends, and in place") {
  Plain x({3, 5});
  const std::vector<double> logits{-100, -30, -5, -1, -0.001, 0, 0.001, 1, 5, 30, 100, -87.5, 87.5, -0.5, 0.5};
  for (size_t i = 0; i < logits.size(); ++i) x.values[i] = static_cast<float>(logits[i]);
  Plain y({3, 5});
  sigmoid_forward(two_threads, x.tensor, y.tensor);
  for (size_t i = 0; i < logits.size(); ++i) {
    const double expected = 1 / (1 + std::exp(-double{x.values[i]}));
    CHECK(std::abs(y.values[i] - expected) <= expected * 3e-7 + 1e-44);
  }
  sigmoid_forward(one_thread, x.tensor, x.tensor);
  CHECK(x.values == y.values);
  Plain wrong({5, 3});
  CHECK_THROWS_WITH_AS(sigmoid_forward(one_thread, x.tensor, wrong.tensor), "sigmoid_forward: y is [5,3], expected [3,5]", Error);
}
