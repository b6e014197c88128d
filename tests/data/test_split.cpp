#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "data/split.h"
#include "tensor/rng.h"
#include "tests/data/errors.h"
#include "tests/skip.h"
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

std::vector<size_t> all_rows(const Manifest& m) {
  std::vector<size_t> rows;
  for (size_t i = 0; i < m.rows.size(); ++i) rows.push_back(i);
  return rows;
}

// Whole patients in random order, each to the split that lacks most images: a split that knows no labels.
void split_at_random(Manifest& m, uint64_t seed) {
  std::map<std::string, std::vector<size_t>> images;
  for (size_t i = 0; i < m.rows.size(); ++i) images[m.rows[i].patient].push_back(i);
  std::vector<const std::vector<size_t>*> order;
  for (const auto& [patient, rows] : images) order.push_back(&rows);
  shuffle(order, Rng(seed, 99));
  std::array<double, 3> have{};
  constexpr std::array<Split, 3> splits{Split::train, Split::val, Split::test};
  for (const auto* rows : order) {
    size_t to = 0;
    for (size_t s = 1; s < 3; ++s) {
      const auto lacks = [&](size_t part) { return usual_fractions[part] * static_cast<double>(m.rows.size()) - have[part]; };
      if (lacks(s) > lacks(to)) to = s;
    }
    have[to] += static_cast<double>(rows->size());
    for (size_t row : *rows) m.rows[row].split = splits[to];
  }
}

// In how many of 100 seeds the largest error is below that of a random split by patient.
int wins(Manifest m) {
  int won = 0;
  double worst = 0;
  const std::vector<size_t> rows = all_rows(m);
  for (uint64_t seed = 0; seed < 100; ++seed) {
    split_by_patient(m, seed);
    REQUIRE(m.patients_in_two_splits().empty());
    const double ours = largest_share_error(m, rows, usual_fractions).error;
    worst = std::max(worst, ours);
    split_at_random(m, seed);
    won += ours < largest_share_error(m, rows, usual_fractions).error ? 1 : 0;
  }
  MESSAGE("better in " << won << " of 100 seeds; the largest error of any seed is " << 100 * worst << " per cent");
  return won;
}

Manifest shared_table(const std::string& name) {
  ManifestOptions options;
  options.table = data_folder(name) / "labels.csv";
  return read_manifest(options);
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
  apply_split_csv(more, folder / "split.csv", Missing::leave_out);
  CHECK(splits_of(more) == splits_of(m));
  write_text(folder / "other.csv", "a,b\n1,2\n");
  CHECK(has(input_error([&] { apply_split_csv(again, folder / "other.csv"); }), "image,patient,split are expected"));
}

TEST_CASE("split: labels that go together, rare ones and unknown ones keep their shares") {
  Manifest m = patients(std::vector<int>(1000, 2));
  m.classes = {"common", "rare", "half known"};
  const Rng rng(5, 0);
  for (size_t i = 0; i < m.rows.size(); ++i) {
    const bool common = rng.uniform(3 * i, 0, 1) < 0.4F;
    const bool rare = common && i % 50 == 7;
    m.rows[i].labels = {common ? 1.0F : 0.0F, rare ? 1.0F : 0.0F,
                        i % 2 == 0                            ? unknown_label
                        : rng.uniform(3 * i + 1, 0, 1) < 0.1F ? 1.0F
                                                              : 0.0F};
  }
  for (const Fractions& fractions : {usual_fractions, Fractions{0.5, 0.25, 0.25}, Fractions{0.8, 0.2, 0.0}}) {
    split_by_patient(m, all_rows(m), fractions, 1);
    CHECK(m.patients_in_two_splits().empty());
    const ShareError e = largest_share_error(m, all_rows(m), fractions);
    CHECK(e.error <= 0.5 / static_cast<double>(e.positives) + 0.01);
    // Known negatives of a class with unknown labels, too.
    std::array<double, 4> negatives{};
    for (const Row& row : m.rows) negatives[static_cast<size_t>(row.split)] += row.labels[2] == 0.0F ? 1 : 0;
    const double known = negatives[1] + negatives[2] + negatives[3];
    for (size_t s = 0; s < 3; ++s) CHECK(std::abs(negatives[s + 1] / known - fractions[s]) < 0.01);
    if (fractions[2] == 0.0) CHECK(m.of(Split::test).empty());
  }
}

TEST_CASE("split: rows that are not asked for keep their split") {
  Manifest m = patients({3, 2, 4, 1, 5, 2});
  for (size_t i = 0; i < 5; ++i) m.rows[i].split = Split::test;
  std::vector<size_t> rest;
  for (size_t i = 5; i < m.rows.size(); ++i) rest.push_back(i);
  split_by_patient(m, rest, {0.8, 0.2, 0.0}, 1);
  for (size_t i = 0; i < m.rows.size(); ++i) CHECK((m.rows[i].split == Split::test) == (i < 5));
  CHECK(!m.of(Split::val).empty());
}

TEST_CASE("split: the largest error is what it says") {
  Manifest m = patients({1, 1, 1, 1});
  m.classes = {"A", "B", "none"};
  const std::array<Split, 4> where{Split::train, Split::train, Split::val, Split::test};
  for (size_t i = 0; i < 4; ++i) {
    m.rows[i].split = where[i];
    m.rows[i].labels = {i < 2 ? 1.0F : 0.0F, 1.0F, 0.0F};
  }
  const ShareError e = largest_share_error(m, all_rows(m), {0.5, 0.25, 0.25});
  CHECK(e.error == 0.5);
  CHECK(e.class_index == 0);
  CHECK(e.split == Split::train);
  CHECK(e.share == 1.0);
  CHECK(e.positives == 2);
}

TEST_CASE("real: stratified splits beat random ones by patient") {
  if (data_folder("kermany224").empty() || data_folder("nih1000_64").empty()) return skip("kermany224 or nih1000_64 is not here");
  CHECK(wins(shared_table("kermany224")) >= 95);
  CHECK(wins(shared_table("nih1000_64")) >= 95);
}
