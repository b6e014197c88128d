#include "optim/schedule.h"

#include <doctest/doctest.h>

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
  CHECK_THROWS_WITH_AS(resolved({.name = "cosine"}, 10), "unknown schedule 'cosine'", Error);
  CHECK_THROWS_AS(resolved({.base = -1}, 10), Error);
  CHECK_THROWS_AS(resolved({.max = std::numeric_limits<double>::infinity()}, 10), Error);
}
