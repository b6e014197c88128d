#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "data/check.h"
#include "data/dicom.h"
#include "data/dicom_rows.h"
#include "data/gdcm.h"
#include "data/manifest.h"
#include "data/phantom.h"
#include "tests/data/errors.h"
#include "tests/skip.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

// Share of (positive, negative) pairs in which the positive has the higher score.
double auc(const std::vector<double>& scores, const std::vector<bool>& positive) {
  double right = 0;
  double pairs = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    for (size_t j = 0; j < scores.size(); ++j) {
      if (!positive[i] || positive[j]) continue;
      pairs += 1;
      right += scores[i] > scores[j] ? 1.0 : scores[i] == scores[j] ? 0.5 : 0.0;
    }
  }
  return right / pairs;
}

double mean_of(const std::vector<float>& values) {
  double sum = 0;
  for (float v : values) sum += static_cast<double>(v);
  return sum / static_cast<double>(values.size());
}

bool holds(const Box& b, int64_t x, int64_t y) {
  const auto at = [](int64_t i) { return static_cast<float>(i) + 0.5F; };
  return at(x) > b.x && at(x) < b.x + b.width && at(y) > b.y && at(y) < b.y + b.height;
}

Manifest read(const std::filesystem::path& table) {
  ManifestOptions options;
  options.table = table;
  return read_manifest(options);
}

}  // namespace

TEST_CASE("phantom: files and tables fit together, and are the same for one seed and any threads") {
  const TemporaryFolder folder;
  PhantomOptions o;
  o.count = 60;
  o.size = 64;
  make_phantoms(folder / "a", o);
  o.threads = 3;
  make_phantoms(folder / "b", o);
  for (const char* file : {"labels.csv", "boxes.csv"}) CHECK(read_text(folder / "a" / file) == read_text(folder / "b" / file));
  const Manifest m = read(folder / "a/labels.csv");
  CHECK(m.classes == paper_classes());
  CHECK(m.rows.size() == 60);
  CHECK(m.has_patients);
  CHECK(m.has_split);
  CHECK(m.patients_in_two_splits().empty());
  for (Split s : {Split::train, Split::val, Split::test}) CHECK(!m.of(s).empty());
  CHECK(check_images(m, 1).empty());
  for (const Row& row : m.rows) {
    CHECK(read_text(row.file) == read_text(folder / "b" / row.image));
    CHECK(row.age >= 0);
    CHECK(row.sex != '?');
    const bool boxed = has(read_text(folder / "a/boxes.csv"), row.image + ',');
    CHECK(boxed == (row.labels[no_finding] == 0));
    CHECK((row.labels[no_finding] == 1) ==
          (std::count(row.labels.begin(), row.labels.end(), 1.0F) == 1 && row.labels[no_finding] == 1));
  }
  o.seed = 2;
  make_phantoms(folder / "c", o);
  CHECK(read_text(folder / "a" / "images/000000.png") != read_text(folder / "c" / "images/000000.png"));
  o.findings = {pneumonia, bronchitis};
  make_phantoms(folder / "d", o);
  CHECK(read(folder / "d/labels.csv").classes == std::vector<std::string>{"No finding", "Bronchitis", "Pneumonia"});
}

TEST_CASE("phantom: findings are as common as in the paper's Table 1, and no finding stands alone") {
  // Of 3,550 training images, in the order of paper_classes().
  constexpr std::array<double, finding_count> table{453, 402, 1116, 477, 1387, 730, 438, 396, 417, 354};
  constexpr int draws = 100000;
  std::array<double, finding_count> count{};
  int streaks_with_bronchiolitis = 0;
  for (int i = 0; i < draws; ++i) {
    Draws d(Rng(1, static_cast<uint64_t>(i)));
    const Findings f = draw_findings(d, {});
    for (size_t k = 0; k < finding_count; ++k) count[k] += f[k] ? 1 : 0;
    REQUIRE(f[no_finding] == (std::count(f.begin(), f.end(), true) == 1 && f[no_finding]));
    streaks_with_bronchiolitis += f[bronchiolitis] && f[interstitial_opacity] ? 1 : 0;
  }
  for (size_t k = 0; k < finding_count; ++k) CHECK(std::abs(count[k] / draws - table[k] / 3550) < 0.006);
  CHECK(streaks_with_bronchiolitis > 0.6 * count[bronchiolitis]);
}

TEST_CASE("phantom: how bright an image is tells nothing of its findings") {
  PhantomOptions o;
  o.size = 32;
  std::array<std::vector<bool>, finding_count> findings;
  std::vector<double> means;
  std::vector<double> ages;
  for (int64_t i = 0; i < 2000; ++i) {
    const Phantom p = draw_phantom(o, i, i);
    for (size_t k = 0; k < finding_count; ++k) findings[k].push_back(p.findings[k]);
    means.push_back(mean_of(p.values));
    ages.push_back(p.age);
  }
  for (size_t k = 0; k < finding_count; ++k) {
    CAPTURE(paper_classes()[k]);
    const double by_brightness = auc(means, findings[k]);
    MESSAGE(paper_classes()[k], ": AUC of the mean grey value ", by_brightness);
    CHECK(by_brightness > 0.4);
    CHECK(by_brightness < 0.6);
  }
  std::sort(ages.begin(), ages.end());
  CHECK(ages.front() < 0.1);
  CHECK(ages.back() > 16);
}

TEST_CASE("phantom: every finding changes the image, and does so within its boxes") {
  PhantomOptions o;
  o.size = 96;
  for (size_t k = 0; k < finding_count; ++k) {
    if (k == no_finding) continue;
    CAPTURE(paper_classes()[k]);
    double inside = 0;
    double outside = 0;
    for (int64_t i = 0; i < 12; ++i) {
      Findings sick{};
      sick[k] = true;
      Findings healthy{};
      healthy[no_finding] = true;
      const Phantom with = draw_phantom(o, i, i, sick);
      const Phantom without = draw_phantom(o, i, i, healthy);
      CHECK(without.boxes.empty());
      REQUIRE(!with.boxes.empty());
      double sum_in = 0;
      double sum_out = 0;
      int n_in = 0;
      for (int64_t at = 0; at < o.size * o.size; ++at) {
        const auto in_it = [&](const Box& b) { return holds(b, at % o.size, at / o.size); };
        const bool in = std::any_of(with.boxes.begin(), with.boxes.end(), in_it);
        const auto pixel = static_cast<size_t>(at);
        (in ? sum_in : sum_out) += static_cast<double>(std::abs(with.values[pixel] - without.values[pixel]));
        n_in += in ? 1 : 0;
      }
      inside += sum_in / n_in;
      outside += sum_out / static_cast<double>(o.size * o.size - n_in);
    }
    MESSAGE(paper_classes()[k], ": ", inside / 12, " inside, ", outside / 12, " outside");
    CHECK(inside > 2.5 * outside);
  }
}

TEST_CASE("phantom: as DICOM files of every kind that show the same images and know the same children") {
  if (!gdcm_codec::available()) return skip("built without GDCM");
  const TemporaryFolder folder;
  PhantomOptions o;
  o.count = 40;
  o.size = 47;
  make_phantoms(folder / "png", o);
  o.dicom = true;
  make_phantoms(folder / "dicom", o);
  const Manifest png = read(folder / "png/labels.csv");
  Manifest dicom = read(folder / "dicom/labels.csv");
  CHECK(!dicom.has_patients);
  take_from_dicom(dicom, 1);
  CHECK(dicom.has_patients);
  std::set<std::string> kinds;
  for (size_t i = 0; i < png.rows.size(); ++i) {
    const Image a = decode_image(png.rows[i].file);
    const Image b = decode_image(dicom.rows[i].file);
    REQUIRE(a.grey.size() == b.grey.size());
    for (size_t at = 0; at < a.grey.size(); ++at) REQUIRE(std::abs(a.grey[at] - b.grey[at]) <= 1);
    CHECK(png.rows[i].labels == dicom.rows[i].labels);
    CHECK(png.rows[i].age == dicom.rows[i].age);
    CHECK(png.rows[i].sex == dicom.rows[i].sex);
    CHECK(dicom.rows[i].view == (dicom.rows[i].age < 3 ? "AP" : "PA"));
    CHECK((i == 0 || (png.rows[i].patient == png.rows[i - 1].patient) == (dicom.rows[i].patient == dicom.rows[i - 1].patient)));
    const std::string bytes = read_text(dicom.rows[i].file);
    const Dicom d = read_dicom({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    kinds.insert({name_of(d.syntax), d.inverted ? "MONOCHROME1" : "MONOCHROME2", std::to_string(d.bits_stored)});
    CHECK(d.person.study.size() > 10);
  }
  CHECK(kinds == std::set<std::string>{"12", "13", "14", "MONOCHROME1", "MONOCHROME2", name_of(Syntax::explicit_little),
                                       name_of(Syntax::rle), name_of(Syntax::jpeg_lossless_sv1),
                                       name_of(Syntax::jpeg_2000_lossless)});
}

TEST_CASE("phantoms: the fewest that have a patient for each split, and not one more") {
  PhantomOptions o;
  o.size = 32;
  for (o.seed = 1; o.seed <= 6; ++o.seed) {
    CAPTURE(o.seed);
    const TemporaryFolder folder;
    o.count = fewest_phantoms(o.seed) - 1;
    CHECK_THROWS_AS(make_phantoms(folder.path(), o), Error);
    ++o.count;
    make_phantoms(folder.path(), o);
    ManifestOptions options;
    options.table = folder / "labels.csv";
    options.labels = {paper_classes()[0]};
    const Manifest m = read_manifest(options);
    for (const Split split : {Split::train, Split::val, Split::test}) CHECK(!m.of(split).empty());
  }
}
