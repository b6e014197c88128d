#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "data/check.h"
#include "data/manifest.h"
#include "data/phantom.h"
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

double mean_of(const Image& image) {
  double sum = 0;
  for (uint8_t v : image.grey) sum += v;
  return sum / static_cast<double>(image.grey.size());
}

// Mean of a part; in shares of the sides.
double part_of(const Image& image, double x0, double x1, double y0, double y1) {
  double sum = 0;
  int64_t n = 0;
  const auto pixel = [](double at, int64_t side) { return static_cast<int64_t>(at * static_cast<double>(side)); };
  for (int64_t y = pixel(y0, image.height); y < pixel(y1, image.height); ++y) {
    for (int64_t x = pixel(x0, image.width); x < pixel(x1, image.width); ++x, ++n)
      sum += image.grey[static_cast<size_t>(y * image.width + x)];
  }
  return sum / static_cast<double>(n);
}

}  // namespace

TEST_CASE("phantom: files and table fit together, and are the same for one seed and any threads") {
  const TemporaryFolder folder;
  PhantomOptions o;
  o.count = 40;
  o.size = 64;
  make_phantoms(folder / "a", o);
  o.threads = 3;
  make_phantoms(folder / "b", o);
  CHECK(read_text(folder / "a" / "labels.csv") == read_text(folder / "b" / "labels.csv"));
  ManifestOptions options;
  options.table = folder / "a" / "labels.csv";
  const Manifest m = read_manifest(options);
  CHECK(m.classes == std::vector<std::string>{"No finding", "Opacity", "Effusion", "Cardiomegaly"});
  CHECK(m.rows.size() == 40);
  CHECK(m.has_patients);
  CHECK(m.has_split);
  CHECK(m.patients_in_two_splits().empty());
  for (Split s : {Split::train, Split::val, Split::test}) CHECK(!m.of(s).empty());
  CHECK(check_images(m, 1).empty());
  for (const Row& row : m.rows) {
    CHECK(read_text(row.file) == read_text(folder / "b" / row.image));
    CHECK((row.labels[0] == 1) == (row.labels[1] + row.labels[2] + row.labels[3] == 0));
  }
  o.seed = 2;
  make_phantoms(folder / "c", o);
  CHECK(read_text(folder / "a" / "images/000000.png") != read_text(folder / "c" / "images/000000.png"));
}

TEST_CASE("phantom: findings are common enough, and brightness does not tell them") {
  PhantomOptions o;
  o.size = 64;
  std::vector<std::vector<bool>> findings(3);
  std::vector<double> means;
  std::vector<double> signs;
  for (int64_t i = 0; i < 400; ++i) {
    const Phantom p = draw_phantom(o, i / 2, i);
    for (size_t k = 0; k < 3; ++k) findings[k].push_back(p.findings[k]);
    means.push_back(mean_of(p.image));
    // Fluid makes one lung base brighter than the other.
    signs.push_back(std::abs(part_of(p.image, 0.17, 0.28, 0.58, 0.72) - part_of(p.image, 0.72, 0.83, 0.58, 0.72)));
  }
  for (size_t k = 0; k < 3; ++k) {
    const auto positives = std::count(findings[k].begin(), findings[k].end(), true);
    CHECK(positives > 60);
    CHECK(positives < 180);
    const double by_brightness = auc(means, findings[k]);
    CHECK(by_brightness > 0.4);
    CHECK(by_brightness < 0.6);
  }
  CHECK(auc(signs, findings[1]) > 0.75);  // by so crude a measure, and with the other findings in between
}
