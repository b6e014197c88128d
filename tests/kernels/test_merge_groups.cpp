#include "kernels/merge_groups.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tensor/error.h"
#include "tests/device.h"

using namespace thorax;
using namespace thorax::test;

TEST_CASE("merge_groups: mean and variance values of all pixels, out of those of groups, an empty one counts for nothing") {
  constexpr int64_t channels = 67;
  const std::vector<int64_t> counts{5, 0, 12, 1};
  std::vector<float> groups(counts.size() * 2 * channels), mean(channels), variance(channels);
  const auto value = [](int64_t c, size_t g, int64_t i) {
    return 100.0 + std::sin(static_cast<double>(c * 1000 + static_cast<int64_t>(g) * 50 + i));
  };
  const auto moments = [&](int64_t c, size_t first, size_t last) {
    double n = 0, sum = 0, squares = 0;
    for (size_t g = first; g < last; ++g)
      for (int64_t i = 0; i < counts[g]; ++i) sum += value(c, g, i), ++n;
    for (size_t g = first; g < last; ++g)
      for (int64_t i = 0; i < counts[g]; ++i) squares += std::pow(value(c, g, i) - sum / n, 2);
    return std::pair{sum / n, squares / n};
  };
  for (size_t g = 0; g < counts.size(); ++g) {
    for (int64_t c = 0; c < channels; ++c) {
      const auto [m, v] = counts[g] > 0 ? moments(c, g, g + 1) : std::pair{std::nan(""), std::nan("")};
      groups[g * 2 * channels + static_cast<size_t>(c)] = static_cast<float>(m);
      groups[(g * 2 + 1) * channels + static_cast<size_t>(c)] = static_cast<float>(v);
    }
  }
  const Stream stream = test_stream(1);
  merge_groups(stream, groups.data(), counts, channels, mean.data(), variance.data());
  if (stream.queue != nullptr) stream.queue->wait();
  for (int64_t c = 0; c < channels; ++c) {
    const auto [m, v] = moments(c, 0, counts.size());
    CHECK(static_cast<double>(mean[static_cast<size_t>(c)]) == doctest::Approx(m).epsilon(1e-6));
    CHECK(static_cast<double>(variance[static_cast<size_t>(c)]) == doctest::Approx(v).epsilon(1e-4));  // of means at 100, in f32
  }
}

TEST_CASE("merge_groups: more groups than it takes are refused") {
  const std::vector<int64_t> counts(257, 1);
  std::vector<float> groups(257 * 2), one(1);
  CHECK_THROWS_AS(merge_groups({Device::cpu, 1}, groups.data(), counts, 1, one.data(), one.data()), Error);
}
