#include <doctest/doctest.h>

#include <cmath>

#include "data/phantom.h"
#include "explain/placement.h"
#include "explain/truth.h"

using namespace thorax;
using namespace thorax::explain;

namespace {

// What the network's square would show if every pixel of the boxes were white: a map as fine as the square itself.
std::vector<float> square_of(const data::Image& image, const data::Box& box, const data::Recipe& recipe) {
  data::Image marked{image.height, image.width, std::vector<uint8_t>(image.grey.size(), 0), {}};
  for (auto y = static_cast<int64_t>(box.y); y < static_cast<int64_t>(box.y + box.height); ++y)
    for (auto x = static_cast<int64_t>(box.x); x < static_cast<int64_t>(box.x + box.width); ++x)
      marked.grey[static_cast<size_t>(y * image.width + x)] = 255;
  const std::vector<uint8_t> plane = data::preprocess(marked, recipe);
  return {plane.begin(), plane.end()};
}

}  // namespace

TEST_CASE("placement: what a phantom's box becomes in the network's square comes back to the box") {
  data::PhantomOptions options;
  options.size = 300;
  int64_t boxes = 0;
  for (const Fit fit : {Fit::stretch, Fit::pad}) {
    data::Recipe recipe;
    recipe.size = 128;
    recipe.fit = fit;
    recipe.equalize = false;
    for (int64_t number = 0; number < 12; ++number) {
      const data::Phantom phantom = data::draw_phantom(options, number, number);
      data::Image image = data::grey_image(phantom);
      // A radiograph that is no square: rows below are cut off.
      image.height = 260;
      image.grey.resize(static_cast<size_t>(image.height * image.width));
      for (const data::Box& box : phantom.boxes) {
        if (box.y + box.height > 255 || box.width < 12 || box.height < 12) continue;
        const std::vector<float> map =
            on_original(square_of(image, box, recipe).data(), 128, 128, recipe, image.height, image.width);
        REQUIRE(map.size() == image.grey.size());
        const auto found = box_of(map, image.width, 127.5F);
        REQUIRE(found);
        // Within the square's pixel, 300 / 128.
        CHECK(std::abs(found->x - box.x) <= 2.5F);
        CHECK(std::abs(found->y - box.y) <= 2.5F);
        CHECK(std::abs(found->x + found->width - box.x - box.width) <= 2.5F);
        CHECK(std::abs(found->y + found->height - box.y - box.height) <= 2.5F);
        CHECK(points_into(peak_of(map, image.width), {box}));
        ++boxes;
      }
    }
  }
  CHECK(boxes > 10);
}

TEST_CASE("placement: the map of a large radiograph has its matrix") {
  data::Recipe recipe;
  recipe.size = 512;
  recipe.fit = Fit::pad;
  Planes map(1, 16, 16);
  map.plane(0)[5 * 16 + 9] = 1;
  const std::vector<float> placed = on_original(map.plane(0), 16, 16, recipe, 3056, 2544);
  REQUIRE(placed.size() == size_t{3056} * 2544);
  // The square shows the radiograph as 512 x 426 pixels from column 43 on: the cell's centre is pixel (304, 176) of the square.
  const Point peak = peak_of(placed, 2544);
  CHECK(std::abs(peak.x + 0.5F - (304.0F - 43) * 2544 / 426) <= 6);
  CHECK(std::abs(peak.y + 0.5F - 176.0F * 3056 / 512) <= 6);
}

TEST_CASE("placement: the largest region, neighbours across corners, and nothing") {
  const std::vector<float> map{1, 0, 0, 0,  //
                               0, 0, 1, 0,  //
                               0, 0, 0, 1,  //
                               0, 0, 0, 1};
  const auto found = box_of(map, 4, 0.5F);
  REQUIRE(found);
  CHECK(found->x == 2);
  CHECK(found->y == 1);
  CHECK(found->width == 2);
  CHECK(found->height == 3);
  CHECK_FALSE(box_of(map, 4, 1.5F));
  CHECK(peak_of({0, 0, 2, 2}, 2).x == 0.5F);
}

TEST_CASE("truth: overlap of boxes and pixels that point into them") {
  const data::Box a{"", 0, 0, 4, 4}, b{"", 2, 2, 4, 4}, c{"", 4, 0, 2, 2};
  CHECK(overlap(a, b) == doctest::Approx(4.0 / 28));
  CHECK(overlap(a, a) == doctest::Approx(1));
  CHECK(overlap(a, c) == 0);
  CHECK(best_overlap(a, {c, b}) == doctest::Approx(4.0 / 28));
  CHECK(best_overlap(std::nullopt, {a}) == 0);
  CHECK(points_into({3, 3}, {a}));
  CHECK_FALSE(points_into({4, 3}, {a}));
}
