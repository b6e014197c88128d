#include <doctest/doctest.h>

#include <cmath>

#include "data/cohort.h"
#include "data/survey.h"
#include "tests/data/dicom_maker.h"
#include "tests/data/set_files.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

const std::filesystem::path files = std::filesystem::path(THORAX_SOURCE_DIR) / "tests/data/files";

std::vector<size_t> all_rows(const Manifest& m) {
  std::vector<size_t> rows;
  for (size_t i = 0; i < m.rows.size(); ++i) rows.push_back(i);
  return rows;
}

}  // namespace

TEST_CASE("cohort: images, patients, ages, sexes and labels") {
  const SetFiles set("t.csv", {{"t.csv",
                                "image,patient,age,sex,A,B\n"
                                "a,p1,4,F,1,0\nb,p1,5,F,0,\nc,p2,6M,male,1,1\nd,p3,,x,0,\ne,p4,18 ,M,0,0\n"}});
  const Manifest m = set.read();
  CHECK(m.classes == Names{"A", "B"});
  const Cohort c = cohort_of(m, all_rows(m));
  CHECK(c.images == 5);
  CHECK(c.patients == 4);
  CHECK(c.ages.known == 3);
  CHECK(c.ages.median == 4);
  CHECK(c.ages.lowest == 0.5);
  CHECK(c.ages.highest == 18);
  CHECK(c.female == 1);
  CHECK(c.male == 2);
  CHECK(c.labels.positives == std::vector<double>{2, 1});
  CHECK(c.labels.known == std::vector<int64_t>{5, 3});
  const Cohort two = cohort_of(m, {0, 2});
  CHECK(two.ages.median == 2.25);
  CHECK(two.patients == 2);
  CHECK(co_occurrence(m) == std::vector<std::vector<int64_t>>{{2, 1}, {1, 1}});
}

TEST_CASE("survey: sizes, what cannot be read, and images that are the same by content") {
  SetFiles set("t.csv", {{"t.csv", "image,A\na.png,1\nb.png,0\nc.png,1\nd.jpg,0\ne.png,0\nf.png,1\ng.dcm,0\nh.dcm,1\n"}});
  const auto copy = [&](const char* from, const char* to) { std::filesystem::copy_file(files / from, set.folder / to); };
  copy("grey.png", "a.png");
  copy("rgb.png", "b.png");
  copy("grey.png", "c.png");
  copy("rgb.jpg", "d.jpg");
  std::string cut = read_text(files / "rgba.png");
  set.add("e.png", cut.substr(0, cut.size() / 2));
  set.add("g.dcm", DicomMaker().file());
  set.add("h.dcm", DicomMaker().number(0x00280002, 3).file());
  const Manifest m = set.read();
  for (int threads : {1, 3}) {
    int done = 0;
    const std::vector<ImageFacts> facts = survey_images(m, threads, [&] { ++done; });
    CHECK(done == 8);
    REQUIRE(facts.size() == 8);
    for (size_t i = 0; i < 4; ++i) CHECK(facts[i].reason.empty());
    CHECK(facts[0].width > 0);
    CHECK(facts[0].height > 0);
    CHECK(has(facts[4].reason, "e.png: PNG data ends after"));
    CHECK(has(facts[5].reason, "f.png: no such file"));
    CHECK(facts[6].reason.empty());
    CHECK(facts[6].width == 4);
    CHECK(facts[6].height == 3);
    CHECK(has(facts[7].reason, "h.dcm: a colour image"));
    CHECK(duplicates_of(facts) == std::vector<std::vector<size_t>>{{0, 2}});
  }
}

TEST_CASE("survey: members of an archive") {
  ManifestOptions options;
  options.table = files / "pneumoniamnist_tiny.npz";
  const Manifest m = read_manifest(options);
  const auto facts = survey_images(m, 2, [] {});
  CHECK(facts[0].width == 5);
  CHECK(facts[0].height == 4);
  // Every split of that file begins with the same pixels.
  CHECK(duplicates_of(facts) == std::vector<std::vector<size_t>>{{0, 3, 4}, {1, 5}});
}
