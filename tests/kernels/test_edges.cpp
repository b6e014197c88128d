// The kernels at the network's edges: normalise, layout, sigmoid.
#include <algorithm>

#include "kernels/half.h"
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
  std::vector<bf16> brain(grey.size());
  std::vector<f16> half(grey.size());
  normalize(two_threads, x, 0.449F, 0.226F, y.tensor);
  normalize(two_threads, x, 0.449F, 0.226F, Tensor{brain.data(), shape, DType::bf16, Layout::plain});
  normalize(two_threads, x, 0.449F, 0.226F, Tensor{half.data(), shape, DType::f16, Layout::plain});
  int64_t wrong = 0;
  for (size_t i = 0; i < grey.size(); ++i) {
    const float share = static_cast<float>(grey[i]) / 255.0F;
    const float centred = share - 0.449F;
    const float expected = centred / 0.226F;
    wrong += y.values[i] != expected || brain[i].bits != to_bf16(expected).bits || half[i].bits != to_f16(expected).bits ? 1 : 0;
  }
  CHECK(wrong == 0);
  // By hand, in exact arithmetic: (128/255 - 0.449) / 0.226.
  const auto found = std::find(grey.begin(), grey.end(), uint8_t{128}) - grey.begin();
  CHECK(y[found] == doctest::Approx(0.2343398).epsilon(1e-6));
  CHECK_THROWS_AS(normalize(one_thread, x, 0.5F, 0.0F, y.tensor), Error);
  CHECK_THROWS_AS(normalize(one_thread, Tensor{grey.data(), {1, 2, 131, 127}, DType::u8, Layout::plain}, 0.5F, 1.0F, y.tensor),
                  Error);
}

TEST_CASE("normalize: images moved first have the values of moved bytes, in every type, edge pixels go on outside") {
  const int64_t size = 37;
  const Shape shape{3, 1, size, size};
  std::vector<uint8_t> grey(static_cast<size_t>(shape.count())), moved(grey.size());
  for (size_t i = 0; i < grey.size(); ++i) grey[i] = static_cast<uint8_t>(Rng(8, 0).uniform(i, 0, 256));
  const std::vector<SampleMap> moves{{}, {-1, 0.9, 0.2, 3.25, -1.5}, {1, 1.2, -0.4, -50, 0.75}};
  for (size_t i = 0; i < grey.size(); ++i) {
    const auto p = static_cast<int64_t>(i), image = p / (size * size);
    moved[i] = moved_pixel(grey.data() + image * size * size, size, moves[static_cast<size_t>(image)], p % size, p / size % size);
  }
  CHECK(std::equal(grey.begin(), grey.begin() + size * size, moved.begin()));
  CHECK(!std::equal(grey.begin() + size * size, grey.end(), moved.begin() + size * size));
  const Tensor x{grey.data(), shape, DType::u8, Layout::plain}, bytes{moved.data(), shape, DType::u8, Layout::plain};
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    std::vector<uint8_t> a(grey.size() * size_of(dtype)), b(a);
    normalize(two_threads, x, 0.449F, 0.226F, Tensor{a.data(), shape, dtype, Layout::plain}, moves.data());
    normalize(one_thread, bytes, 0.449F, 0.226F, Tensor{b.data(), shape, dtype, Layout::plain});
    CHECK(a == b);
  }
  Plain y({1, 1, 4, 5});
  const Tensor oblong{grey.data(), {1, 1, 4, 5}, DType::u8, Layout::plain};
  CHECK_THROWS_WITH_AS(normalize(one_thread, oblong, 0.449F, 0.226F, y.tensor, moves.data()), doctest::Contains("only squares"),
                       Error);
}

TEST_CASE("layout: plain to blocked and back") {
  const int64_t b = channel_block();
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const bool sliced : {false, true}) {
      const Shape shape{3, 2 * b, 5, 7};
      Plain x(shape), back(shape);
      x.random(1);
      Activation y(shape, dtype, sliced), single(shape, dtype, sliced);
      plain_to_blocked(two_threads, x.tensor, y.slice);
      int64_t place = 0, wrong = 0;
      each(shape, [&](auto... at) {
        const float value = x[place++];
        if (y.get(at...) != static_cast<double>(rounded(dtype, value))) ++wrong;
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

TEST_CASE("half: vectors convert as one number at a time does, to and from fp16") {
  if (on_gpu()) return;
  const float special[] = {0.0F,     -0.0F,      65504.0F,     65519.0F, 65520.0F,  -1e9F, 0x1p-24F,
                           0x1p-25F, 0x1.8p-25F, 0x1.ffcp-15F, INFINITY, -INFINITY, NAN};
  std::vector<float> values(100003);
  for (size_t i = 0; i < values.size(); ++i) values[i] = std::ldexp(Rng(5, 0).uniform(i, -1, 1), static_cast<int>(i % 44) - 26);
  std::copy(std::begin(special), std::end(special), values.begin() + 500);
  const auto count = static_cast<int64_t>(values.size());
  std::vector<f16> half(values.size());
  std::vector<float> back(values.size());
  single_to_half(two_threads, values.data(), half.data(), count);
  half_to_single(one_thread, half.data(), back.data(), count);
  int64_t wrong = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const float expected = to_float(to_f16(values[i]));
    wrong +=
        std::bit_cast<uint32_t>(back[i]) != std::bit_cast<uint32_t>(expected) && !(std::isnan(back[i]) && std::isnan(expected))
            ? 1
            : 0;
  }
  CHECK(wrong == 0);
}
