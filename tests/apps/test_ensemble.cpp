#include "apps/ensemble.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;

namespace {

// An untrained model in a file; what it says is as good as any.
std::string model_file(const TemporaryFolder& folder, const std::string& name, std::vector<std::string> classes, int64_t size,
                       uint64_t seed) {
  ModelDescription d;
  d.model = "densenet121";
  d.classes = std::move(classes);
  d.recipe.size = size;
  d.cutoffs.assign(d.classes.size(), 0.5F);
  d.epoch = 1;
  const Store store = Network::make_store(network_spec(d, {}), seed, false);
  const std::filesystem::path file = folder.path() / name;
  write_model(file, d, store);
  return file.string();
}

data::Image image(bool mirrored) {
  data::Image made;
  made.height = made.width = 32;
  for (int64_t y = 0; y < 32; ++y)
    for (int64_t x = 0; x < 32; ++x) {
      const int64_t from = mirrored ? 31 - x : x;
      made.grey.push_back(static_cast<uint8_t>((from * 7 + y * 3 + from * y) % 256));
    }
  return made;
}

}  // namespace

TEST_CASE("ensemble: the mean of members of other sizes and orders of classes") {
  const TemporaryFolder folder;
  const std::string first = model_file(folder, "a.safetensors", {"A", "B", "C"}, 32, 1);
  const std::string second = model_file(folder, "b.safetensors", {"C", "A", "B"}, 64, 2);
  const Stream stream{Device::cpu, 2};
  const std::vector<float> a = Ensemble({first}, 1, stream).predict(image(false));
  const std::vector<float> b = Ensemble({second}, 1, stream).predict(image(false));
  const Ensemble both({first, second}, 1, stream);
  const std::vector<float> mean = both.predict(image(false));
  REQUIRE(mean.size() == 3);
  for (size_t k = 0; k < 3; ++k) CHECK(mean[k] == doctest::Approx((a[k] + b[(k + 1) % 3]) / 2).epsilon(1e-6));
  CHECK(mean != a);
  CHECK(both.classes() == std::vector<std::string>{"A", "B", "C"});
  CHECK(both.name() == "mean of 2 models: " + first + ", " + second);
  CHECK_FALSE(both.has_own_cutoffs());
  CHECK(Ensemble({first}, 1, stream).has_own_cutoffs());
  const std::string other = model_file(folder, "c.safetensors", {"A", "B"}, 32, 1);
  CHECK_THROWS_WITH_AS(Ensemble({first, other}, 1, stream), doctest::Contains("c.safetensors: other classes than those of "),
                       Error);
}

TEST_CASE("ensemble: test-time views are averaged") {
  const TemporaryFolder folder;
  const std::string file = model_file(folder, "a.safetensors", {"A", "B"}, 32, 3);
  const Stream stream{Device::cpu, 2};
  const Ensemble plain({file}, 1, stream), flipped({file}, 1, stream, {{}, {.mirror = true}});
  const std::vector<float> a = plain.predict(image(false)), b = plain.predict(image(true)), mean = flipped.predict(image(false));
  CHECK(a != b);
  for (size_t k = 0; k < 2; ++k) CHECK(mean[k] == doctest::Approx((a[k] + b[k]) / 2).epsilon(1e-6));
  CHECK(flipped.predict(image(true)) == mean);
  CHECK_FALSE(flipped.has_own_cutoffs());
  Flags flags("evaluate", "", "", {{"tta", "NAME", "", "none"}}, {}, true);
  CHECK(test_views(flags).size() == 1);
  flags.set("tta", "six");
  const TestViews six = test_views(flags);
  REQUIRE(six.size() == 6);
  CHECK(std::count_if(six.begin(), six.end(), [](const data::Transform& t) { return t.mirror; }) == 3);
  CHECK(std::count_if(six.begin(), six.end(), [](const data::Transform& t) { return t.degrees == 5; }) == 2);
}
