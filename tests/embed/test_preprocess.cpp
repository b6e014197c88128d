#include <doctest/doctest.h>

#include <cmath>

#include "data/dicom_grey.h"
#include "data/preprocess.h"
#include "embed/preprocess.h"
#include "tensor/rng.h"
#include "tests/embed/made_model.h"
#include "tests/skip.h"

using namespace thorax;
using namespace thorax::test;

namespace {

struct Prepared {
  thorax_status status;
  std::vector<uint8_t> pixels;
};

Prepared prepared(const thorax_image& image, const data::Recipe& recipe) {
  const auto size = static_cast<size_t>(recipe.size);
  std::vector<uint8_t> table(65536);
  std::vector<math::Tap> columns(size);
  std::vector<int32_t> above(size), below(size);
  const embed::PreprocessMemory memory = {table.data(), columns.data(), above.data(), below.data()};
  const embed::RecipeRecord record = {
      static_cast<uint32_t>(size), recipe.fit == Fit::pad ? 1U : 0U, recipe.equalize ? 1U : 0U, recipe.mean, recipe.std, 0};
  Prepared p;
  p.pixels.resize(size * size);
  p.status = embed::preprocess(image, record, memory, p.pixels.data(), nullptr);
  return p;
}

data::Recipe plain_recipe(int64_t size) {
  data::Recipe r;
  r.size = size;
  r.equalize = false;
  return r;
}

// A row of 16-bit values, as grey bytes.
std::vector<uint8_t> greys(std::vector<uint16_t> values, thorax_image image) {
  values.resize(32, values.back());
  std::vector<uint16_t> rows;
  for (int y = 0; y < 32; ++y) rows.insert(rows.end(), values.begin(), values.end());
  image.size = sizeof image;
  image.data = rows.data();
  image.format = THORAX_U16;
  image.width = image.height = 32;
  const Prepared p = prepared(image, plain_recipe(32));
  REQUIRE(p.status == THORAX_OK);
  return p.pixels;
}

}  // namespace

TEST_CASE("preprocess: bit for bit the trainer's, sizes and recipes of every kind") {
  const Rng rng(1, 1);
  for (uint64_t i = 0; i < 120; ++i) {
    const int width = 1 + static_cast<int>(rng.below(4 * i, i % 3 == 0 ? 8 : 400));
    const int height = 1 + static_cast<int>(rng.below(4 * i + 1, i % 5 == 0 ? 8 : 400));
    data::Recipe recipe;
    recipe.size = 32 + rng.below(4 * i + 2, 200);
    recipe.fit = i % 2 == 0 ? Fit::pad : Fit::stretch;
    recipe.equalize = i % 4 < 2;
    CAPTURE(width);
    CAPTURE(height);
    CAPTURE(recipe.size);
    std::vector<uint8_t> pixels = noise(static_cast<size_t>(width) * static_cast<size_t>(height), i);
    if (i % 7 == 0)
      for (uint8_t& p : pixels) p = static_cast<uint8_t>(p % 5 * 40);
    if (i % 31 == 0) pixels.assign(pixels.size(), 77);
    const Prepared p = prepared(grey_image(pixels, width, height), recipe);
    CHECK(p.status == THORAX_OK);
    CHECK(p.pixels == data::preprocess({height, width, pixels}, recipe));
  }
}

TEST_CASE("preprocess: bit for bit the trainer's on radiographs") {
  const auto folder = data_folder("kermany224");
  if (folder.empty()) return skip("kermany224 is not here");
  int count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".png" && entry.path().extension() != ".jpeg" && entry.path().extension() != ".jpg") continue;
    const data::Image image = data::decode_image(entry.path());
    data::Recipe recipe;
    recipe.size = 512;
    const Prepared p = prepared(grey_image(image.grey, static_cast<int>(image.width), static_cast<int>(image.height)), recipe);
    CHECK(p.pixels == data::preprocess(image, recipe));
    if (++count == 20) break;
  }
  CHECK(count == 20);
}

TEST_CASE("preprocess: a stride, and words at odd bits") {
  const std::vector<uint8_t> pixels = noise(40 * 50, 3);
  std::vector<uint8_t> spread(50 * 64, 255);
  for (size_t y = 0; y < 50; ++y)
    std::copy_n(pixels.begin() + static_cast<std::ptrdiff_t>(y * 40), 40, spread.begin() + static_cast<std::ptrdiff_t>(y * 64));
  thorax_image image = grey_image(spread, 40, 50);
  image.stride = 64;
  CHECK(prepared(image, {}).pixels == data::preprocess({50, 40, pixels}, {}));
}

TEST_CASE("preprocess: full scale of 16 bits is the fewest bits that hold the brightest pixel, or what is said") {
  thorax_image image{};
  CHECK(greys({0, 1, 128, 255}, image)[2] == 128);
  const auto twelve = greys({0, 1, 2047, 4095}, image);
  CHECK(twelve[0] == 0);
  CHECK(twelve[2] == 127);
  CHECK(twelve[3] == 255);
  for (uint16_t v : {uint16_t{300}, uint16_t{1500}, uint16_t{4000}})
    CHECK(greys({v, 4095}, image)[0] == std::lround(255.0 * v / 4095.0));
  image.bits = 16;
  CHECK(greys({4095}, image)[0] == 16);
  image.bits = 10;
  CHECK(greys({512, 4095}, image)[0] == 128);
  CHECK(greys({512, 4095}, image)[1] == 255);
  image.inverted = 1;
  CHECK(greys({512, 4095}, image)[0] == 127);
}

TEST_CASE("preprocess: windows and tables") {
  thorax_image image{};
  image.window_low = 1000;
  image.window_high = 2000;
  CHECK(greys({0, 1000, 1500, 2000, 3000}, image)[1] == 0);
  CHECK(greys({0, 1000, 1500, 2000, 3000}, image)[2] == 128);
  CHECK(greys({0, 1000, 1500, 2000, 3000}, image)[3] == 255);
  CHECK(greys({0, 1000, 1500, 2000, 3000}, image)[4] == 255);
  image.inverted = 1;
  CHECK(greys({1000, 2000}, image)[0] == 255);
  const unsigned char table[] = {9, 8, 7};
  image.inverted = 0;
  image.lut = table;
  image.lut_entries = 3;
  CHECK(greys({0, 2, 60000}, image)[0] == 9);
  CHECK(greys({0, 2, 60000}, image)[1] == 7);
  CHECK(greys({0, 2, 60000}, image)[2] == 7);
}

TEST_CASE("preprocess: a window's greys are those of the trainer's DICOM reader") {
  for (const auto& [center, width] : {std::pair<double, double>{2048, 4096}, {1000, 511}, {300.5, 256}, {40, 2}, {127.25, 331}}) {
    CAPTURE(center);
    data::Dicom dicom;
    dicom.columns = 32;
    dicom.rows = 32;
    dicom.bits_allocated = 16;
    dicom.bits_stored = 12;
    dicom.high_bit = 11;
    dicom.window = data::Window{center, width, data::WindowFunction::linear};
    for (uint16_t first = 0; first < 4096; first += 1024) {
      std::vector<uint16_t> values(1024);
      for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<uint16_t>(first + i);
      std::vector<uint8_t> samples(2048);
      std::memcpy(samples.data(), values.data(), samples.size());
      thorax_image image{};
      image.size = sizeof image;
      image.data = values.data();
      image.format = THORAX_U16;
      image.width = image.height = 32;
      image.window_low = center - 0.5 - (width - 1) / 2;
      image.window_high = center - 0.5 + (width - 1) / 2;
      CHECK(prepared(image, plain_recipe(32)).pixels == data::grey_of(dicom, samples));
    }
  }
}

TEST_CASE("preprocess: images that cannot be are refused") {
  const std::vector<uint8_t> pixels(100, 1);
  const auto refused = [&](auto change) {
    thorax_image image = grey_image(pixels, 10, 10);
    change(image);
    return prepared(image, plain_recipe(32)).status == THORAX_BAD_ARG;
  };
  CHECK_FALSE(refused([](thorax_image&) {}));
  CHECK(refused([](thorax_image& i) { i.data = nullptr; }));
  CHECK(refused([](thorax_image& i) { i.format = 3; }));
  CHECK(refused([](thorax_image& i) { i.width = 0; }));
  CHECK(refused([](thorax_image& i) { i.height = -1; }));
  CHECK(refused([](thorax_image& i) { i.width = 16385; }));
  CHECK(refused([](thorax_image& i) { i.stride = 9; }));
  CHECK(refused([](thorax_image& i) { i.bits = 9; }));
  CHECK(refused([](thorax_image& i) { i.lut_entries = 4; }));
  CHECK(refused([](thorax_image& i) { i.window_low = 5; }));
  CHECK(refused([](thorax_image& i) { i.window_high = std::nan(""); }));
}
