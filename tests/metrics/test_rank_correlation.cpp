#include "metrics/rank_correlation.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using thorax::metrics::rank_correlation;

TEST_CASE("rank correlation: known values, ties, maps without any order") {
  const std::vector<float> a{1, 2, 3, 4, 5};
  CHECK(*rank_correlation(a, std::vector<float>{10, 20, 30, 40, 500}) == doctest::Approx(1));
  CHECK(*rank_correlation(a, std::vector<float>{5, 4, 3, 2, -1}) == doctest::Approx(-1));
  // 1 - 6 sum d^2 / (n (n^2 - 1)), d = 1, -1, 0, 1, -1.
  CHECK(*rank_correlation(a, std::vector<float>{2, 1, 3, 5, 4}) == doctest::Approx(0.8));
  // Ranks 0.5, 0.5, 2 beside 0, 1, 2: covariance 1.5 of sqrt(1.5 * 2).
  CHECK(*rank_correlation(std::vector<float>{1, 1, 2}, std::vector<float>{1, 2, 3}) == doctest::Approx(1.5 / std::sqrt(3.0)));
  CHECK_FALSE(rank_correlation(a, std::vector<float>(5, 2.0F)));
}
