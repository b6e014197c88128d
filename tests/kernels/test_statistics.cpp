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
      : partial(static_cast<size_t>(x.shape[0] * 2 * x.shape[1])), mean(static_cast<size_t>(x.shape[1])), variance(mean) {
    channel_statistics(stream, x.slice, partial.data());
    merge_statistics(partial.data(), x.shape[0], x.shape[1], x.shape[2] * x.shape[3], mean.data(), variance.data());
  }
  std::vector<float> partial, mean, variance;
};

}  // namespace

TEST_CASE("statistics: mean and variance of every channel, whole and sliced, large and small maps") {
  const int64_t b = channel_block();
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const Shape& shape : {Shape{1, b, 1, 1}, Shape{3, 2 * b, 5, 7}, Shape{2, b, 33, 31}}) {
      for (const bool sliced : {false, true}) {
        CAPTURE(shape);
        Activation x(shape, dtype, sliced);
        x.random(1);
        const Merged one(x, one_thread), two(x, two_threads);
        CHECK(one.mean == two.mean);
        CHECK(one.variance == two.variance);
        for (int64_t c = 0; c < shape[1]; ++c) {
          const auto [mean, variance] = moments(x, c);
          CHECK(one.mean[static_cast<size_t>(c)] == doctest::Approx(mean).epsilon(1e-5).scale(1));
          CHECK(one.variance[static_cast<size_t>(c)] == doctest::Approx(variance).epsilon(1e-5).scale(1e-3));
        }
      }
    }
  }
}

TEST_CASE("statistics: a large mean with a small variance does not cancel") {
  Activation x({2, channel_block(), 40, 40}, DType::f32);
  uint64_t i = 0;
  each(x.shape, [&](auto... at) { x.set(at..., 1000.0 + static_cast<double>(Rng(4, 0).uniform(i++, -0.5F, 0.5F))); });
  const Merged m(x, one_thread);
  const auto [mean, variance] = moments(x, 0);
  CHECK(m.mean[0] == doctest::Approx(mean).epsilon(1e-6));
  CHECK(m.variance[0] == doctest::Approx(variance).epsilon(1e-3));
}

TEST_CASE("statistics: a copy converts, and its statistics are those of what is stored") {
  const Shape shape{2, channel_block(), 6, 5};
  for (const DType from_type : {DType::f32, DType::bf16}) {
    for (const DType to_type : {DType::f32, DType::bf16}) {
      Activation from(shape, from_type, true), to(shape, to_type, true);
      from.random(2);
      std::vector<float> partial(static_cast<size_t>(shape[0] * 2 * shape[1]));
      copy_with_statistics(two_threads, from.slice, to.slice, partial.data());
      CHECK(to.outside_untouched());
      each(shape, [&](auto... at) {
        const double expected = to_type == DType::bf16
                                    ? static_cast<double>(to_float(to_bf16(static_cast<float>(from.get(at...)))))
                                    : from.get(at...);
        CHECK(to.get(at...) == expected);
      });
      const Merged again(to, one_thread);
      CHECK(again.partial == partial);
      copy_with_statistics(one_thread, from.slice, to.slice, nullptr);
    }
  }
}

TEST_CASE("statistics: running values move as PyTorch's do, with the unbiased variance") {
  float mean = 2, variance = 3, running_mean = 10, running_var = 20;
  int64_t batches = 4;
  update_running(&mean, &variance, 1, 5, 0.1F, &running_mean, &running_var, &batches);
  CHECK(running_mean == doctest::Approx(0.9 * 10 + 0.1 * 2));
  CHECK(running_var == doctest::Approx(0.9 * 20 + 0.1 * 3 * 5.0 / 4.0));
  CHECK(batches == 5);
}

TEST_CASE("statistics: shapes that do not fit are refused by name") {
  const int64_t b = channel_block();
  Activation a({2, b, 3, 3}, DType::f32), other({2, 2 * b, 3, 3}, DType::f32);
  CHECK_THROWS_WITH_AS(copy_with_statistics(one_thread, a.slice, other.slice, nullptr), doctest::Contains("copy_with_statistics"),
                       Error);
}
