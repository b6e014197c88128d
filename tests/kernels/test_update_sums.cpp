// The sum of squares that clips gradients, and the moving average of weights.
#include "kernels/average.h"
#include "kernels/square_sum.h"
#include "tensor/error.h"
#include "tests/kernels/activation.h"

using namespace thorax;
using namespace thorax::test;

TEST_CASE("square_sum: in double, whatever the length, the same bits for any number of threads") {
  for (const int64_t count : {1, 7, 8, 9, 16383, 16384, 16385, 50001}) {
    CAPTURE(count);
    std::vector<float> values(static_cast<size_t>(count));
    const Rng rng(3, 0);
    double expected = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = rng.uniform(i, -1, 1) * (i % 100 == 0 ? 1e4F : 1.0F);
      expected += double{values[i]} * double{values[i]};
    }
    const Tensor x{values.data(), {count}, DType::f32, Layout::plain};
    std::vector<double> parts(static_cast<size_t>(square_sum_parts(count)) + 1, not_a_number);
    const double one = square_sum(one_thread, x, parts.data());
    CHECK(one == doctest::Approx(expected).epsilon(1e-13));
    CHECK(std::isnan(parts.back()));
    CHECK(square_sum(two_threads, x, parts.data()) == one);
  }
}

TEST_CASE("average_update: a step of the weight towards the values") {
  Plain value({20000}), average({20000});
  const Rng rng(4, 0);
  std::vector<float> expected;
  for (size_t i = 0; i < value.values.size(); ++i) {
    value.values[i] = rng.uniform(i, -1, 1);
    average.values[i] = rng.uniform(i + value.values.size(), -1, 1);
    expected.push_back(average.values[i] + 0.25F * (value.values[i] - average.values[i]));
  }
  const float weight = 0.25F;
  average_update(two_threads, value.tensor, &weight, average.tensor);
  CHECK(average.values == expected);
  CHECK_THROWS_AS(average_update(two_threads, value.tensor, nullptr, average.tensor), Error);
  Plain other({3});
  CHECK_THROWS_AS(average_update(two_threads, other.tensor, &weight, average.tensor), Error);
}
