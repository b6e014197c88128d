#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "data/split.h"
#include "tests/data/errors.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

// images[p]: how many images patient p has.
Manifest patients(const std::vector<int>& images) {
  Manifest m;
  for (size_t p = 0; p < images.size(); ++p) {
    for (int i = 0; i < images[p]; ++i) {
      Row row;
      row.patient = str("p", p);
      row.image = str("p", p, "/=", i, ".png");
      row.line = static_cast<int64_t>(m.rows.size()) + 2;
      m.rows.push_back(row);
    }
  }
  return m;
}

std::vector<Split> splits_of(const Manifest& m) {
  std::vector<Split> all;
  for (const Row& row : m.rows) all.push_back(row.split);
  return all;
}

}  // namespace

TEST_CASE("split: 70/15/15 of the images, no patient in two, by seed alone") {
  std::vector<int> images;
  for (int p = 0; p < 400; ++p) images.push_back(1 + p * p % 7);
  Manifest m = patients(images);
  split_by_patient(m, 1);
  CHECK(m.patients_in_two_splits().empty());
  const auto all = static_cast<double>(m.rows.size());
  CHECK(std::abs(static_cast<double>(m.of(Split::train).size()) - 0.70 * all) < 7);
  CHECK(std::abs(static_cast<double>(m.of(Split::val).size()) - 0.15 * all) < 7);
  CHECK(std::abs(static_cast<double>(m.of(Split::test).size()) - 0.15 * all) < 7);
  Manifest again = patients(images);
  std::reverse(again.rows.begin(), again.rows.end());
  split_by_patient(again, 1);
  std::reverse(again.rows.begin(), again.rows.end());
  CHECK(splits_of(again) == splits_of(m));
  split_by_patient(again, 2);
  CHECK(splits_of(again) != splits_of(m));
}

TEST_CASE("split: no split stays empty, however few and uneven the patients") {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    for (const std::vector<int>& images :
         {std::vector<int>{1, 1, 1}, {1, 1, 98}, {50, 50, 1}, {1, 1, 1, 1}, {90, 3, 3, 2, 1, 1}}) {
      Manifest m = patients(images);
      split_by_patient(m, seed);
      for (Split s : {Split::train, Split::val, Split::test}) REQUIRE(!m.of(s).empty());
      REQUIRE(m.patients_in_two_splits().empty());
    }
  }
  Manifest two = patients({5, 5});
  CHECK(has(input_error([&] { split_by_patient(two, 1); }), "three patients at least, there are 2"));
}

TEST_CASE("split: written to a file and read back") {
  const TemporaryFolder folder;
  Manifest m = patients({3, 2, 4, 1, 5});
  split_by_patient(m, 3);
  write_text(folder / "split.csv", split_csv(m));
  Manifest again = patients({3, 2, 4, 1, 5});
  apply_split_csv(again, folder / "split.csv");
  CHECK(splits_of(again) == splits_of(m));
  CHECK(again.has_split);
  Manifest more = patients({3, 2, 4, 1, 6});
  CHECK(has(input_error([&] { apply_split_csv(more, folder / "split.csv"); }), "no split for the image of line 17"));
  write_text(folder / "other.csv", "a,b\n1,2\n");
  CHECK(has(input_error([&] { apply_split_csv(again, folder / "other.csv"); }), "image,patient,split are expected"));
}
