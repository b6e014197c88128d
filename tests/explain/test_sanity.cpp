#include <doctest/doctest.h>

#include <cmath>

#include "explain/sanity.h"
#include "explain/similarity.h"
#include "models/registry.h"

using namespace thorax;
using namespace thorax::explain;

TEST_CASE("structural similarity: 1 for the same map, the formula for flat ones, less for others") {
  std::vector<float> a(12 * 9);
  for (size_t i = 0; i < a.size(); ++i) a[i] = Rng(3, 1).uniform(i);
  CHECK(structural_similarity(a, a, 12) == doctest::Approx(1));
  std::vector<float> turned(a.rbegin(), a.rend());
  CHECK(structural_similarity(a, turned, 12) < 0.5);
  CHECK(structural_similarity(a, turned, 12) == doctest::Approx(structural_similarity(turned, a, 12)));
  // Without variance (2 m n + c) / (m^2 + n^2 + c) is left.
  const double c = 1e-4;
  CHECK(structural_similarity(std::vector<float>(25, 0.25F), std::vector<float>(25, 0.75F), 5) ==
        doctest::Approx((2 * 0.25 * 0.75 + c) / (0.0625 + 0.5625 + c)));
}

TEST_CASE("stages: every tensor once, from the head to the input") {
  for (const auto& [model, first, last, count] :
       {std::tuple{"resnet18", "fc", "conv1", 7U}, std::tuple{"densenet121", "classifier", "features.conv0", 11U}}) {
    CAPTURE(model);
    Graph g(false);
    find_model(model).build(g, g.input("x", {1, 1, 64, 64}, DType::f32, Layout::plain, false), 3);
    Store store(g, 1, false);
    const Store fresh(g, 2, false);
    const std::vector<Stage> stages = stages_from_head(store.names());
    CHECK(stages.size() == count);
    CHECK(stages.front().name == first);
    CHECK(stages.back().name == last);
    size_t tensors = 0;
    for (const Stage& s : stages) tensors += s.tensors.size();
    CHECK(tensors == store.names().size());
    randomise(stages.front(), fresh, store);
    const std::string head = str(first, ".weight");
    const std::string input = str(last, ".weight");
    CHECK(store.find(head).as<float>()[5] == fresh.find(head).as<float>()[5]);
    CHECK(store.find(input).as<float>()[5] != fresh.find(input).as<float>()[5]);
  }
}

TEST_CASE("greying: a model that looks at one place loses its probability there, and nowhere else") {
  constexpr int64_t size = 32;
  std::vector<uint8_t> plane(size_t{size * size}, 40);
  const auto at = [](int64_t y, int64_t x) { return static_cast<size_t>(y * size + x); };
  for (int64_t y = 8; y < 12; ++y)
    for (int64_t x = 20; x < 24; ++x) plane[at(y, x)] = 240;
  const auto looks_there = [&](const std::vector<uint8_t>& p) { return p[at(9, 21)] > 200 ? 0.9 : 0.1; };
  const data::Placed inside{4, 0, 24, size};
  const Greying right = greying(plane, size, inside, {{}, 20, 8, 4, 4}, looks_there, Rng(1, 0));
  CHECK(right.marked == doctest::Approx(0.8));
  CHECK(right.random < 0.3);
  const Greying wrong = greying(plane, size, inside, {{}, 2, 20, 4, 4}, looks_there, Rng(1, 0));
  CHECK(wrong.marked == 0);
  CHECK(wrong.random == doctest::Approx(right.random));
  // Boxes stay inside the radiograph: one as large as it has no other place.
  const Greying whole = greying(plane, size, inside, {{}, 0, 4, size, 24}, looks_there, Rng(1, 0));
  CHECK(whole.marked == doctest::Approx(whole.random));
}
