#include <doctest/doctest.h>

#include <cmath>

#include "data/check.h"
#include "data/loader.h"
#include "data/manifest.h"
#include "tests/skip.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

int64_t positives(const Manifest& m, size_t k) {
  int64_t n = 0;
  for (const Row& row : m.rows) n += row.labels[k] == 1.0F ? 1 : 0;
  return n;
}

}  // namespace

TEST_CASE("real: the table of 5,216 radiographs of children") {
  const auto folder = data_folder("kermany224");
  if (folder.empty()) return skip("kermany224 is not here");
  ManifestOptions options;
  options.table = folder / "labels.csv";
  const Manifest m = read_manifest(options);
  CHECK(m.classes == std::vector<std::string>{"No finding", "Pneumonia", "Bacterial pneumonia", "Viral pneumonia"});
  CHECK(m.rows.size() == 5216);
  CHECK(m.of(Split::train).size() == 3993);
  CHECK(m.of(Split::val).size() == 609);
  CHECK(m.of(Split::test).size() == 614);
  CHECK(m.patients_in_two_splits().empty());
  CHECK(positives(m, 0) == 1341);
  CHECK(positives(m, 1) == 3875);
  CHECK(positives(m, 2) == 2530);
  CHECK(positives(m, 3) == 1345);
  CHECK(m.notes.empty());
  CHECK(check_images(m, 2).empty());
  Recipe recipe;
  recipe.size = 224;
  LoaderOptions loading;
  loading.batch = 16;
  loading.shuffle = true;
  Loader loader(m, m.of(Split::train), recipe, loading);
  loader.start(0);
  Batch b;
  REQUIRE(loader.next(b));
  CHECK(b.n == 16);
  double mean = 0;
  for (uint8_t v : b.pixels) mean += v / static_cast<double>(b.pixels.size());
  CHECK(mean > 118);  // equalised: close to the middle
  CHECK(mean < 138);
}

TEST_CASE("real: originals of many sizes, stretched and padded") {
  const auto folder = data_folder("kermany_original");
  if (folder.empty()) return skip("kermany_original is not here");
  ManifestOptions options;
  options.table = folder / "labels.csv";
  options.root = folder / "images";
  options.labels = {"pneumonia", "bacterial", "viral"};
  const Manifest m = read_manifest(options);
  CHECK(m.rows.size() == 80);
  CHECK(check_images(m, 2).empty());
  const Image image = decode_image(m.rows[0].file);
  CHECK(image.width == 1530);
  CHECK(image.height == 1078);
  Recipe recipe;
  recipe.size = 128;
  recipe.fit = Fit::pad;
  const std::vector<uint8_t> plane = preprocess(image, recipe);
  CHECK(plane[0] == 0);
  CHECK(plane[128 * 64 + 64] != 0);
}

TEST_CASE("real: 1,000 images with many labels, and a split that leaks patients") {
  const auto folder = data_folder("nih1000_64");
  if (folder.empty()) return skip("nih1000_64 is not here");
  ManifestOptions options;
  options.table = folder / "labels.csv";
  options.root = folder / "images";
  options.split_column = "chexnet_split";
  Manifest m = read_manifest(options);
  CHECK(m.classes.size() == 14);
  CHECK(m.rows.size() == 1000);
  CHECK(m.of(Split::train).size() == 725);
  CHECK(m.of(Split::val).size() == 94);
  CHECK(m.of(Split::test).size() == 181);
  CHECK(m.patients_in_two_splits().empty());
  CHECK(positives(m, 2) == 170);
  CHECK(positives(m, 13) == 9);
  CHECK(check_images(m, 2).empty());
  CHECK(decode_image(m.rows[0].file).width == 64);
  options.split_column = "kcr_split";
  m = read_manifest(options);
  CHECK(!m.patients_in_two_splits().empty());
}
