#include <doctest/doctest.h>

#include "metrics/localisation.h"

using namespace thorax::metrics;

TEST_CASE("localisation: means by class, with intervals that hold them") {
  std::vector<Located> located;
  for (int i = 0; i < 40; ++i) located.push_back({1, i % 4 != 0, i % 2 == 0 ? 0.5 : 0.25});
  const auto table = localisation({"A", "B"}, located, 500, 1);
  REQUIRE(table.size() == 2);
  CHECK(table[0].images == 0);
  CHECK_FALSE(table[0].pointing.interval);
  CHECK(table[1].images == 40);
  CHECK(table[1].pointing.value == doctest::Approx(0.75));
  CHECK(table[1].iou.value == doctest::Approx(0.375));
  REQUIRE(table[1].pointing.interval);
  // Binomial: 0.75 +- 1.96 sqrt(0.75 0.25 / 40) is 0.616 to 0.884.
  CHECK(table[1].pointing.interval->low == doctest::Approx(0.616).epsilon(0.06));
  CHECK(table[1].pointing.interval->high == doctest::Approx(0.884).epsilon(0.06));
  CHECK(table[1].iou.interval->low < 0.375);
  CHECK(table[1].iou.interval->high > 0.375);
  CHECK_FALSE(localisation({"A", "B"}, located, 0, 1)[1].iou.interval);
}
