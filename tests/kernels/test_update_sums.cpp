// What clips gradients, and the moving average of weights.
#include <cmath>
#include <numeric>

#include "kernels/average.h"
#include "kernels/clip.h"
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
    square_sum(one_thread, x, parts.data());
    CHECK(std::isnan(parts.back()));
    parts.pop_back();
    CHECK(std::accumulate(parts.begin(), parts.end(), 0.0) == doctest::Approx(expected).epsilon(1e-13));
    std::vector<double> again(parts.size(), not_a_number);
    square_sum(two_threads, x, again.data());
    CHECK(again == parts);
  }
}

TEST_CASE("clip: the norm, and one factor for all groups, which is 1 below the limit") {
  std::vector<double> parts(1000), norm{not_a_number};
  for (size_t i = 0; i < parts.size(); ++i) parts[i] = static_cast<double>(i % 7);
  const double expected = std::sqrt(std::accumulate(parts.begin(), parts.end(), 0.0));
  std::vector<SgdScalars> scalars(3, {0.1F, 0.9F, 0.0F, 0, 0.5F});
  const auto clipped_to = [&](double limit) {
    clip(one_thread, parts.data(), static_cast<int64_t>(parts.size()), limit, norm.data(), scalars.data(), 2, nullptr);
    return scalars;
  };
  for (const double limit : {5.0, 1e9}) {
    const std::vector<SgdScalars> after = clipped_to(limit);
    CHECK(norm[0] == doctest::Approx(expected).epsilon(1e-14));
    for (const size_t group : {0, 1}) CHECK(after[group].gradient_scale == static_cast<float>(std::min(1.0, limit / norm[0])));
    CHECK(after[0].lr == 0.1F);
    CHECK(after[2].gradient_scale == 0.5F);
  }
}

TEST_CASE("clip: a loss scale is taken out, and a gradient that is not finite changes nothing but the scale") {
  std::vector<double> parts{9.0 * 64 * 64, 16.0 * 64 * 64}, norm{not_a_number};
  std::vector<SgdScalars> scalars(2);
  std::vector<LossScaleState> state{{64, 5, 1}};
  const auto clipped_to = [&](double limit) {
    clip(one_thread, parts.data(), 2, limit, norm.data(), scalars.data(), 2, state.data());
  };
  clipped_to(no_limit);
  CHECK(norm[0] == 5);
  CHECK(state[0].scale == 64);
  CHECK(state[0].good_steps == 6);
  for (const SgdScalars& s : scalars) CHECK((s.gradient_scale == 1.0F / 64 && s.skip == 0));
  clipped_to(2.5);
  for (const SgdScalars& s : scalars) CHECK((s.gradient_scale == 0.5F / 64 && s.skip == 0));
  for (const double bad : {std::numeric_limits<double>::infinity(), not_a_number}) {
    parts[1] = bad;
    const float before = state[0].scale;
    clipped_to(2.5);
    CHECK(!std::isfinite(norm[0]));
    CHECK(state[0].scale == before / 2);
    CHECK(state[0].good_steps == 0);
    for (const SgdScalars& s : scalars) CHECK(s.skip == 1);
  }
  CHECK(state[0].skipped == 3);
  parts[1] = 0;
  clipped_to(no_limit);
  for (const SgdScalars& s : scalars) CHECK((s.gradient_scale == 1.0F / 16 && s.skip == 0));
}

TEST_CASE("next_loss_scale: doubles after 2,000 good steps in a row, halves at a bad one, stays from 1 to 2^24") {
  LossScaleState s;
  for (int step = 1; step < 2000; ++step) next_loss_scale(s, true);
  CHECK(s.scale == 65536);
  next_loss_scale(s, false);
  for (int step = 1; step < 2000; ++step) next_loss_scale(s, true);
  CHECK(s.scale == 32768);
  next_loss_scale(s, true);
  CHECK(s.scale == 65536);
  for (int step = 0; step < 20 * 2000; ++step) next_loss_scale(s, true);
  CHECK(s.scale == 0x1p24F);
  for (int step = 0; step < 50; ++step) next_loss_scale(s, false);
  CHECK(s.scale == 1);
  CHECK(s.skipped == 51);
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
  const std::vector<float> weight{0.25F};  // a GPU cannot read the stack
  average_update(two_threads, value.tensor, weight.data(), average.tensor);
  CHECK(average.values == expected);
  CHECK_THROWS_AS(average_update(two_threads, value.tensor, nullptr, average.tensor), Error);
  Plain other({3});
  CHECK_THROWS_AS(average_update(two_threads, other.tensor, weight.data(), average.tensor), Error);
}
