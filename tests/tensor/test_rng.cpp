// The generator against published vectors, and against its twin: the numbers below come from tools/philox.py --print.
#include <doctest/doctest.h>

#include <numeric>
#include <vector>

#include "tensor/rng.h"

using thorax::Rng;
using Words = std::array<uint32_t, 4>;

namespace {
const Rng rng(0x0123456789ABCDEFU, 0xFEDCBA9876543210U);
}

TEST_CASE("Philox 4x32-10 gives the known answers of Random123") {
  CHECK(Rng::philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8});
  CHECK(Rng::philox({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, {0xFFFFFFFF, 0xFFFFFFFF}) ==
        Words{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD});
  CHECK(Rng::philox({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, {0xA4093822, 0x299F31D0}) ==
        Words{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1});
}

TEST_CASE("seed, stream and index fill key and counter as tools/philox.py does") {
  const std::vector<uint32_t> near{0xAEF2ADF7, 0xF69B5950, 0x3CEB44F4, 0x89B6573A, 0xEC2AB39F, 0x4671FD85};
  for (size_t i = 0; i < near.size(); ++i) CHECK(rng.bits(i) == near[i]);
  const std::vector<uint32_t> far{0x0A87BB47, 0xDED923DA, 0x3747F078};
  for (size_t i = 0; i < far.size(); ++i) CHECK(rng.bits((uint64_t{1} << 40) + 2 + i) == far[i]);
  CHECK(Rng(0, 0).bits(3) == 0x9B00DBD8);
}

TEST_CASE("uniform, normal, below and shuffle agree with tools/philox.py") {
  const std::vector<float> uniform{0x1.88978p-2F, 0x1.539d18p-1F, -0x1.fc312p-5F, 0x1.e74c5p-3F};
  for (size_t i = 0; i < uniform.size(); ++i) CHECK(rng.uniform(i, -0.3F, 0.7F) == uniform[i]);
  const std::vector<double> normal{0.84948355, -1.64656556, -0.0632639527, -0.347855508};
  for (size_t i = 0; i < normal.size(); ++i) CHECK(rng.normal(i) == doctest::Approx(normal[i]).epsilon(1e-7));
  const std::vector<uint32_t> below{683, 963, 237, 537, 922, 275, 456, 294};
  for (size_t i = 0; i < below.size(); ++i) CHECK(rng.below(i, 1000) == below[i]);
  std::vector<int> items(10);
  std::iota(items.begin(), items.end(), 0);
  thorax::shuffle(items, rng);
  CHECK(items == std::vector<int>{5, 0, 4, 9, 1, 7, 2, 8, 6, 3});
}

TEST_CASE("uniform stays inside [0,1) and averages one half") {
  double sum = 0;
  for (uint64_t i = 0; i < 100000; ++i) {
    const float u = rng.uniform(i);
    REQUIRE(u >= 0.0F);
    REQUIRE(u < 1.0F);
    sum += static_cast<double>(u);
  }
  CHECK(sum / 100000 == doctest::Approx(0.5).epsilon(0.01));
}
