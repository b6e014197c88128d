#include "apps/subgroups.h"

#include <doctest/doctest.h>

#include <fstream>

#include "tensor/error.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;

namespace {

struct Table {
  Table() : file(folder.path() / "t.csv") {
    std::ofstream(file) << "image,sex,age,view,small\n"
                           "a,F,034Y,PA,3\nb,M,006M,AP,10\nc,F,4,PA,3\nd,,1,LL,10\ne,F,65,PA,\nf,M,17.9,AP,3\n"
                           "g,M,18,AP,3\nh,M,5,AP,3\ni,M,9,AP,3\nj,M,10,AP,3\nk,M,002W,AP,3\nl,M,40,AP,3\nm,M,,AP,3\n";
    for (int64_t i = 0; i < 13; ++i) {
      data::Row row;
      row.line = i + 2;
      manifest.rows.push_back(row);
      rows.push_back(static_cast<size_t>(i));
    }
  }
  std::vector<Subgroup> by(const std::string& column) const {
    return subgroups(file, manifest, rows, column, band_limits({"1", "5", "10", "18", "40", "65"}));
  }
  TemporaryFolder folder;
  std::filesystem::path file;
  data::Manifest manifest;
  std::vector<size_t> rows;
};

}  // namespace

TEST_CASE("subgroups: words, those not known last, few numbers in the order of numbers") {
  const Table t;
  const auto sex = t.by("sex");
  REQUIRE(sex.size() == 3);
  CHECK(sex[0].name == "F");
  CHECK(sex[0].order == std::vector<size_t>{0, 2, 4});
  CHECK(sex[1].name == "M");
  CHECK(sex[2].name == "not known");
  CHECK(sex[2].order == std::vector<size_t>{3});
  const auto small = t.by("small");
  REQUIRE(small.size() == 3);
  CHECK(small[0].name == "3");
  CHECK(small[1].name == "10");
  CHECK(small[2].name == "not known");
}

TEST_CASE("subgroups: bands of age, also as DICOM writes ages") {
  const Table t;
  const auto age = t.by("age");
  REQUIRE(age.size() == 8);
  const char* names[] = {"below 1",        "1 to below 5",   "5 to below 10", "10 to below 18",
                         "18 to below 40", "40 to below 65", "65 and more",   "not known"};
  const std::vector<std::vector<size_t>> rows{{1, 10}, {2, 3}, {7, 8}, {5, 9}, {0, 6}, {11}, {4}, {12}};
  for (size_t i = 0; i < 8; ++i) {
    CHECK(age[i].name == names[i]);
    CHECK(age[i].order == rows[i]);
  }
}

TEST_CASE("subgroups: a column that is not there, limits that do not rise") {
  CHECK_THROWS_WITH_AS(Table().by("age "), doctest::Contains("no column is called \"age \""), Error);
  Table wide;
  std::ofstream(wide.file) << "image," << std::string(5000, 'x') << "\na,1\n";
  CHECK_THROWS_WITH_AS(wide.by("sax"), doctest::Contains("no column is called \"sax\""), Error);
  try {
    wide.by("sax");
  } catch (const Error& error) {
    CHECK(error.hint() == "the columns are image, " + std::string(40, 'x') + "...");
  }
  CHECK_THROWS_WITH_AS(band_limits({"5", "5"}), "--bands: \"5\" is no number above the one before it", Error);
  CHECK_THROWS_AS(band_limits({"x"}), Error);
}

TEST_CASE("subgroups: age, sex and view that the DICOM files alone tell") {
  Table t;
  std::ofstream(t.file) << "image,Sex,site\na,Female,x\nb,,x\nc,Male,y\nd,,y\n";
  t.manifest.rows.resize(4);
  t.rows.resize(4);
  const char sexes[] = {'F', 'F', 'M', '?'};
  for (size_t i = 0; i < 4; ++i) {
    t.manifest.rows[i].sex = sexes[i];
    t.manifest.rows[i].age = i == 2 ? data::unknown_label : static_cast<float>(i) / 2;
    t.manifest.rows[i].view = i < 3 ? "PA" : "AP";
  }
  const auto is = [](const Subgroup& group, const std::string& name, const std::vector<size_t>& order) {
    CHECK(group.name == name);
    CHECK(group.order == order);
  };
  const auto sex = t.by("Sex");
  REQUIRE(sex.size() == 3);
  is(sex[0], "F", {0, 1});
  is(sex[1], "M", {2});
  is(sex[2], "not known", {3});
  const auto view = t.by("view");
  REQUIRE(view.size() == 2);
  is(view[0], "AP", {3});
  is(view[1], "PA", {0, 1, 2});
  const auto age = t.by("age");
  REQUIRE(age.size() == 4);
  is(age[1], "0.5", {1});
  is(age[3], "not known", {2});
  REQUIRE(t.by("site").size() == 2);
  CHECK_THROWS_WITH_AS(t.by("height"), doctest::Contains("no column is called"), Error);
}
