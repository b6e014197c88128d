#include "optim/schedule.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tensor/error.h"

using namespace thorax;

TEST_CASE("triangular: the rates of torch's CyclicLR") {
  // base 0.1, max 1.1, step_size_up 4; executed with torch 1.13.
  const std::vector<double> expected{0.1, 0.35, 0.6, 0.85, 1.1, 0.85, 0.6, 0.35, 0.1, 0.35, 0.6};
  for (size_t step = 0; step < expected.size(); ++step)
    CHECK(triangular(static_cast<int64_t>(step), 0.1, 1.1, 4, 4) == doctest::Approx(expected[step]).epsilon(1e-12));
}

TEST_CASE("triangular: exact at the corners, however far, with unequal and broken sides") {
  CHECK(triangular(0, 0.001, 0.006, 407.5, 407.5) == 0.001);
  CHECK(triangular(8000000, 0.001, 0.006, 4, 4) == 0.001);
  CHECK(triangular(3, 1.0, 3.0, 3, 6) == 3.0);
  CHECK(triangular(6, 1.0, 3.0, 3, 6) == 2.0);
  CHECK(triangular(9, 1.0, 3.0, 3, 6) == 1.0);
  CHECK(triangular(5, 0.0, 1.0, 2.5, 2.5) == 0.0);
  CHECK(triangular(2, 0.0, 1.0, 2.5, 2.5) == doctest::Approx(0.8));
}

TEST_CASE("schedule: two whole cycles by default") {
  const Schedule schedule = resolved({}, 8880);
  CHECK(schedule.up == 2220);
  CHECK(schedule.down == 2220);
  CHECK(learning_rate(schedule, 0) == 0.001);
  CHECK(learning_rate(schedule, 2220) == 0.006);
  CHECK(learning_rate(schedule, 4440) == 0.001);
  CHECK(learning_rate(schedule, 6660) == 0.006);
  CHECK(learning_rate(schedule, 8880) == 0.001);
  CHECK(learning_rate(resolved({}, 1), 0) == 0.001);
  CHECK(resolved({.up = 10, .down = 30}, 100).down == 30);
}

TEST_CASE("schedule: constant") {
  const Schedule schedule = resolved({.name = "constant", .base = 0.01}, 10);
  for (const int64_t step : {0, 3, 100}) CHECK(learning_rate(schedule, step) == 0.01);
}

TEST_CASE("schedule: what makes no sense is refused") {
  CHECK_THROWS_WITH_AS(resolved({.name = "step"}, 10), "unknown schedule 'step'", Error);
  CHECK_THROWS_AS(resolved({.base = -1}, 10), Error);
  CHECK_THROWS_AS(resolved({.max = std::numeric_limits<double>::infinity()}, 10), Error);
}

TEST_CASE("triangular2: the height halves each cycle, as torch's CyclicLR") {
  const Schedule schedule = resolved({.name = "triangular2", .base = 0.1, .max = 1.1, .up = 4, .down = 4}, 100);
  const std::vector<double> second{0.1, 0.225, 0.35, 0.475, 0.6, 0.475, 0.35, 0.225, 0.1};
  for (size_t i = 0; i < second.size(); ++i)
    CHECK(learning_rate(schedule, static_cast<int64_t>(8 + i)) == doctest::Approx(second[i]).epsilon(1e-12));
  CHECK(learning_rate(schedule, 4) == doctest::Approx(1.1));
  CHECK(learning_rate(schedule, 20) == doctest::Approx(0.1 + 0.25));
}

TEST_CASE("exp_range: the height times gamma to the step, as torch's CyclicLR") {
  const Schedule schedule = resolved({.name = "exp_range", .base = 0.1, .max = 1.1, .up = 4, .down = 4, .gamma = 0.9}, 100);
  for (const int64_t step : {0, 1, 4, 9, 12, 50}) {
    const double height = triangular(step, 0, 1, 4, 4) * std::pow(0.9, static_cast<double>(step));
    CHECK(learning_rate(schedule, step) == doctest::Approx(0.1 + height).epsilon(1e-12));
  }
}

TEST_CASE("cosine: rises in a line, falls along half a cosine, ends at the base") {
  const Schedule schedule = resolved({.name = "cosine", .base = 0.1, .max = 1.1, .warmup = 10}, 110);
  CHECK(learning_rate(schedule, 0) == 0.1);
  CHECK(learning_rate(schedule, 5) == doctest::Approx(0.6));
  CHECK(learning_rate(schedule, 10) == doctest::Approx(1.1));
  CHECK(learning_rate(schedule, 35) == doctest::Approx(0.1 + (1 + std::sqrt(0.5)) / 2));
  CHECK(learning_rate(schedule, 60) == doctest::Approx(0.6));
  CHECK(learning_rate(schedule, 110) == doctest::Approx(0.1));
  CHECK(learning_rate(schedule, 200) == doctest::Approx(0.1));
  CHECK(learning_rate(resolved({.name = "cosine"}, 10), 0) == 0.006);
  CHECK_THROWS_WITH_AS(resolved({.name = "cosine", .warmup = 10}, 10), "a warm-up of 10 steps leaves nothing of a run of 10",
                       Error);
}
