#include "kernels/statistics.h"
#include "tests/kernels/activation.h"

using namespace thorax;
using namespace thorax::test;

namespace {

// Mean and biased variance of one channel, in double.
std::pair<double, double> moments(const Activation& x, int64_t channel) {
  double sum = 0, squares = 0;
  int64_t count = 0;
  each(x.shape, [&](auto n, auto c, auto h, auto w) {
    if (c == channel) sum += x.get(n, c, h, w), ++count;
  });
  const double mean = sum / static_cast<double>(count);
  each(x.shape, [&](auto n, auto c, auto h, auto w) {
    if (c == channel) squares += (x.get(n, c, h, w) - mean) * (x.get(n, c, h, w) - mean);
  });
  return {mean, squares / static_cast<double>(count)};
}

struct Merged {
  Merged(const Activation& x, const Stream& stream)
      : partial(static_cast<size_t>(partial_sums(stream, x.shape[0], x.shape[2] * x.shape[3]) * 2 * x.shape[1]), std::nanf("")),
        mean(static_cast<size_t>(x.shape[1])),
        variance(mean) {
    channel_statistics(stream, x.slice, partial.data());
    merge_statistics(one_thread, partial.data(), x.shape[0], x.shape[1], x.shape[2] * x.shape[3], mean.data(), variance.data());
  }
  // Relative to the deviation and to the variance: x is what is stored, so only our arithmetic counts.
  void check(const Activation& x, double terms) const {
    int64_t wrong = 0;
    for (int64_t c = 0; c < x.shape[1]; ++c) {
      const auto [m, v] = moments(x, c);
      wrong += close(mean[static_cast<size_t>(c)], m, DType::f32, terms, std::sqrt(v)) ? 0 : 1;
      wrong += close(variance[static_cast<size_t>(c)], v, DType::f32, terms, v) ? 0 : 1;
    }
    CHECK(wrong == 0);
  }
  std::vector<float> partial, mean, variance;
};

}  // namespace

TEST_CASE("statistics: mean and variance of every channel, whole and sliced, large and small maps") {
  const int64_t b = channel_block();
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const Shape& shape : {Shape{1, b, 1, 1}, Shape{3, 2 * b, 5, 7}, Shape{2, b, 33, 31}}) {
      for (const bool sliced : {false, true}) {
        CAPTURE(shape);
        Activation x(shape, dtype, sliced);
        x.random(1);
        const Merged one(x, one_thread), two(x, two_threads);
        CHECK(one.mean == two.mean);
        CHECK(one.variance == two.variance);
        one.check(x, 16);
      }
    }
  }
}

TEST_CASE("statistics: nothing cancels where the mean is large, drifts from row to row and differs between images") {
  const Shape shape{3, channel_block(), 40, 41};
  for (const double mean : {1000.0, -50.0}) {
    for (const double drift : {0.0, 0.5}) {
      for (const double jump : {0.0, 100.0}) {
        CAPTURE(mean);
        CAPTURE(drift);
        CAPTURE(jump);
        Activation x(shape, DType::f32, true);
        x.random(4);
        each(shape, [&](auto n, auto c, auto h, auto w) {
          const double place = drift * static_cast<double>(h) + jump * static_cast<double>(n);
          x.set(n, c, h, w, x.get(n, c, h, w) + mean + place);
        });
        Merged(x, two_threads).check(x, 64);
        each({3, x.shape[1], 1, 20}, [&](auto... at) { x.set(at..., 0); });  // the black border of a radiograph
        Merged(x, two_threads).check(x, 64);
      }
    }
  }
}

TEST_CASE("statistics: a constant channel has no variance, and partial holds each image's mean and M2") {
  const int64_t b = channel_block();
  Activation x({2, b, 17, 18}, DType::f32);
  each(x.shape, [&](auto n, auto c, auto h, auto w) {
    const double sign = w % 2 == 0 ? 1 : -1;
    x.set(n, c, h, w, c == 0 ? 0.1 : static_cast<double>(10 * n) + sign * static_cast<double>(c));
  });
  const Merged m(x, one_thread);
  CHECK(m.variance[0] == 0);
  CHECK(m.mean[0] == 0.1F);
  for (int64_t n = 0; n < 2; ++n) {
    for (int64_t c = 1; c < b; ++c) {
      CHECK(m.partial[static_cast<size_t>(2 * n * b + c)] == static_cast<float>(10 * n));
      CHECK(m.partial[static_cast<size_t>((2 * n + 1) * b + c)] == static_cast<float>(17 * 18 * c * c));
    }
  }
  CHECK(m.mean[2] == 5.0F);
  CHECK(m.variance[2] == 29.0F);  // 4 within an image, 25 between the two
}

TEST_CASE("statistics: images side by side leave the bits of one call") {
  const Shape shape{3, 2 * channel_block(), 20, 21};
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    Activation x(shape, dtype, true), to(shape, dtype, true), apart(shape, dtype, true);
    x.random(3);
    const auto row = static_cast<size_t>(2 * shape[1]);
    std::vector<float> one(3 * row), copied(one), side(one), side_copied(one);
    channel_statistics(one_thread, x.slice, one.data());
    copy_with_statistics(one_thread, x.slice, to.slice, copied.data());
#pragma omp parallel for num_threads(2)
    for (int64_t i = 0; i < 3; ++i) {
      const auto image = [&](const Slice& s) { return Slice(s.buffer, s.image + i, 1, s.channel, s.channels); };
      channel_statistics(two_threads, image(x.slice), side.data() + static_cast<size_t>(i) * row);
      copy_with_statistics(two_threads, image(x.slice), image(apart.slice), side_copied.data() + static_cast<size_t>(i) * row);
    }
    CHECK(side == one);
    CHECK(copied == one);
    CHECK(side_copied == one);
    CHECK(apart.bytes == to.bytes);
  }
}

TEST_CASE("statistics: a copy converts, and its statistics are those of what is stored") {
  const Shape shape{2, channel_block(), 6, 5};
  for (const DType from_type : {DType::f32, DType::bf16, DType::f16}) {
    for (const DType to_type : {DType::f32, DType::bf16, DType::f16}) {
      Activation from(shape, from_type, true), to(shape, to_type, true);
      from.random(2);
      std::vector<float> partial(static_cast<size_t>(shape[0] * 2 * shape[1]));
      copy_with_statistics(two_threads, from.slice, to.slice, partial.data());
      CHECK(to.outside_untouched());
      each(shape, [&](auto... at) {
        CHECK(to.get(at...) == static_cast<double>(rounded(to_type, static_cast<float>(from.get(at...)))));
      });
      const Merged again(to, one_thread);
      CHECK(again.partial == partial);
      Activation plain(shape, to_type, true);
      copy_with_statistics(one_thread, from.slice, plain.slice, nullptr);
      CHECK(plain.bytes == to.bytes);
    }
  }
}

TEST_CASE("statistics: running values move as PyTorch's do, with the unbiased variance") {
  std::vector<float> v{2, 3, 10, 20};  // mean, variance, running_mean, running_var
  std::vector<int64_t> batches{4};
  update_running(one_thread, &v[0], &v[1], 1, 5, 0.1F, &v[2], &v[3], batches.data());
  CHECK(v[2] == doctest::Approx(0.9 * 10 + 0.1 * 2));
  CHECK(v[3] == doctest::Approx(0.9 * 20 + 0.1 * 3 * 5.0 / 4.0));
  CHECK(batches[0] == 5);
}

TEST_CASE("statistics: shapes that do not fit are refused by name") {
  const int64_t b = channel_block();
  Activation a({2, b, 3, 3}, DType::f32), other({2, 2 * b, 3, 3}, DType::f32);
  CHECK_THROWS_WITH_AS(copy_with_statistics(one_thread, a.slice, other.slice, nullptr),
                       str("copy_with_statistics: from is ", a.shape, ", to is ", other.shape).c_str(), Error);
  CHECK_THROWS_WITH_AS(channel_statistics(one_thread, {a.slice.buffer, 0, 2, 0, b / 2}, nullptr),
                       doctest::Contains("whole blocks"), Error);
}
