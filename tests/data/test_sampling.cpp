#include "data/sampling.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "tensor/error.h"

using namespace thorax;
using namespace thorax::data;

namespace {

// 60 images: class A is positive in 30, B in 3, C in none, and 27 images have no positive label.
Manifest labels() {
  Manifest m;
  m.classes = {"A", "B", "C"};
  for (int i = 0; i < 60; ++i) {
    Row row;
    row.labels = {i < 30 ? 1.0F : 0.0F, i >= 30 && i < 33 ? 1.0F : std::nanf(""), 0.0F};
    m.rows.push_back(row);
  }
  return m;
}

std::vector<size_t> all_rows(const Manifest& m) {
  std::vector<size_t> rows(m.rows.size());
  std::iota(rows.begin(), rows.end(), size_t{0});
  return rows;
}

}  // namespace

TEST_CASE("class-aware sampling: every class equally often, its images in turn, nothing without a positive") {
  const Manifest m = labels();
  const std::vector<size_t> order = class_aware_order(m, all_rows(m), 7, 2);
  REQUIRE(order.size() == 60);
  std::map<size_t, int> times;
  for (const size_t i : order) ++times[i];
  int of_a = 0;
  for (const auto& [image, count] : times) {
    CHECK(image < 33);
    CHECK(count == (image < 30 ? 1 : 10));
    of_a += image < 30 ? count : 0;
  }
  CHECK(of_a == 30);
  // Three of one class each time.
  for (size_t i = 0; i < 60; i += 3)
    for (size_t k = 1; k < 3; ++k) CHECK((order[i] < 30) == (order[i + k] < 30));
}

TEST_CASE("class-aware sampling: a function of seed and epoch, over the rows that are given") {
  const Manifest m = labels();
  const auto rows = all_rows(m);
  CHECK(class_aware_order(m, rows, 7, 2) == class_aware_order(m, rows, 7, 2));
  CHECK(class_aware_order(m, rows, 7, 2) != class_aware_order(m, rows, 7, 3));
  CHECK(class_aware_order(m, rows, 7, 2) != class_aware_order(m, rows, 8, 2));
  for (const size_t i : class_aware_order(m, {59, 31, 58}, 1, 0)) CHECK(i == 1);
  CHECK_THROWS_WITH_AS(class_aware_order(m, {58, 59}, 1, 0), "class-aware sampling: no label of the training images is positive",
                       Error);
}
