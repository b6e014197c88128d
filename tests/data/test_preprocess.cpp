#include <doctest/doctest.h>

#include "data/preprocess.h"
#include "tests/data/errors.h"
#include "tests/data/oracle.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

TEST_CASE("preprocess: equalised at the original size, then stretched") {
  const Image image{40, 70, made(3, 4, 2800)};
  Recipe r;
  r.size = 32;
  std::vector<uint8_t> equal(2800);
  equalize_histogram(image.grey.data(), equal.data(), 2800);
  std::vector<uint8_t> expected(1024);
  resize_bilinear(equal.data(), 40, 70, expected.data(), 32, 32);
  CHECK(preprocess(image, r) == expected);
  r.equalize = false;
  resize_bilinear(image.grey.data(), 40, 70, expected.data(), 32, 32);
  CHECK(preprocess(image, r) == expected);
  r.size = 64;
  CHECK(preprocess({64, 64, made(1, 0, 4096)}, r) == made(1, 0, 4096));
}

TEST_CASE("preprocess: padding keeps the aspect ratio, in the middle, zero around it") {
  Recipe r;
  r.size = 32;
  r.fit = Fit::pad;
  r.equalize = false;
  const auto rows_and_columns = [&](int64_t h, int64_t w) {
    const std::vector<uint8_t> plane = preprocess({h, w, std::vector<uint8_t>(static_cast<size_t>(h * w), 200)}, r);
    int64_t top = 32;
    int64_t left = 32;
    int64_t bottom = -1;
    int64_t right = -1;
    for (int64_t i = 0; i < 1024; ++i) {
      if (plane[static_cast<size_t>(i)] == 0) continue;
      CHECK(plane[static_cast<size_t>(i)] == 200);
      top = std::min(top, i / 32);
      bottom = std::max(bottom, i / 32);
      left = std::min(left, i % 32);
      right = std::max(right, i % 32);
    }
    return std::vector<int64_t>{top, bottom, left, right};
  };
  CHECK(rows_and_columns(100, 100) == std::vector<int64_t>{0, 31, 0, 31});
  CHECK(rows_and_columns(50, 100) == std::vector<int64_t>{8, 23, 0, 31});
  CHECK(rows_and_columns(100, 50) == std::vector<int64_t>{0, 31, 8, 23});
  CHECK(rows_and_columns(1, 1000) == std::vector<int64_t>{15, 15, 0, 31});
  CHECK(rows_and_columns(3, 2) == std::vector<int64_t>{0, 31, 5, 25});
}

TEST_CASE("preprocess: the recipe goes through metadata exactly") {
  Recipe r;
  r.size = 224;
  r.fit = Fit::pad;
  r.equalize = false;
  r.mean = 0.1F + 0.2F;
  r.std = 1.0F / 3.0F;
  auto metadata = to_metadata(r);
  metadata["other"] = "thing";
  const Recipe back = recipe_from_metadata(metadata);
  CHECK(back.size == 224);
  CHECK(back.fit == Fit::pad);
  CHECK(!back.equalize);
  CHECK(back.mean == r.mean);
  CHECK(back.std == r.std);
  CHECK(recipe_from_metadata(to_metadata(Recipe{})).mean == 0.449F);
}

TEST_CASE("preprocess: missing, wrong and unknown keys are named") {
  for (const auto& [key, value] : to_metadata(Recipe{})) {
    auto metadata = to_metadata(Recipe{});
    metadata.erase(key);
    CHECK(has(input_error([&] { recipe_from_metadata(metadata); }), '"' + key + '"'));
    for (const char* wrong : {"", "maybe", "1e9", "nan", "-1", "5 "}) {
      metadata[key] = wrong;
      CHECK(has(input_error([&] { recipe_from_metadata(metadata); }), '"' + key + "\" is \"" + wrong + '"'));
    }
  }
  auto metadata = to_metadata(Recipe{});
  metadata["preprocess.sharpen"] = "yes";
  CHECK(has(input_error([&] { recipe_from_metadata(metadata); }), "\"preprocess.sharpen\""));
}
