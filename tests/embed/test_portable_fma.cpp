#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "embed/portable_fma.h"
#include "tensor/rng.h"

using namespace thorax;

namespace {

bool same(float a, float b, float c) {
  const float ours = embed::portable_fma(a, b, c), libms = std::fmaf(a, b, c);
  return std::bit_cast<uint32_t>(ours) == std::bit_cast<uint32_t>(libms) || (std::isnan(ours) && std::isnan(libms));
}

}  // namespace

TEST_CASE("portable fma: libm's bits, for any numbers") {
  const Rng rng(1, 1);
  uint64_t wrong = 0;
  for (uint64_t i = 0; i < 1000000; ++i) {
    const auto any = [&](uint64_t k) { return std::bit_cast<float>(static_cast<uint32_t>(rng.below(3 * i + k, 0xffffffffU))); };
    wrong += same(any(0), any(1), any(2)) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("portable fma: libm's bits where a sum lies at or beside the middle of two floats") {
  const Rng rng(2, 1);
  uint64_t wrong = 0, twice_rounded = 0;
  for (uint64_t i = 0; i < 1000000; ++i) {
    // Few bits: products that end far below the addend's last place, or in the middle of it.
    const auto number = [&](uint64_t k, int exponents) {
      const auto mantissa = static_cast<float>(1 + rng.below(8 * i + k, 1U << (2 + rng.below(8 * i + 7, 22))));
      const float sign = rng.below(8 * i + k + 3, 2) == 0 ? 1.0F : -1.0F;
      return std::ldexp(sign * mantissa,
                        static_cast<int>(rng.below(8 * i + k, static_cast<uint32_t>(exponents))) - exponents / 2);
    };
    const float a = number(0, 40), b = number(1, 40), c = number(2, 80);
    wrong += same(a, b, c) ? 0 : 1;
    const auto naive = static_cast<float>(static_cast<double>(a) * static_cast<double>(b) + static_cast<double>(c));
    twice_rounded += naive == std::fmaf(a, b, c) ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(twice_rounded > 0);  // what double alone would get wrong
  // 1 + 2^-24 is a middle; 2^-60 more or less decides.
  const float middle = 1 + std::ldexp(1.0F, -12), tiny = std::ldexp(1.0F, -60);
  const float half = std::ldexp(1.0F, -24);
  for (const float c : {tiny, -tiny, 0.0F}) {
    CHECK(same(middle, middle, c));
    CHECK(same(1 + 2 * half, half, 1 + c));
    CHECK(same(half, 1 + 4 * half, -1 + c));
  }
}

TEST_CASE("portable fma: zeros, denormals, infinities") {
  const float small = std::numeric_limits<float>::denorm_min(), least = std::numeric_limits<float>::min(),
              most = std::numeric_limits<float>::max(), infinite = std::numeric_limits<float>::infinity();
  const float numbers[] = {0, small, 3 * small, least, 1, 1.5F, most, infinite, std::numeric_limits<float>::quiet_NaN()};
  for (const float a : numbers)
    for (const float b : numbers)
      for (const float c : numbers)
        for (int signs = 0; signs < 8; ++signs)
          CHECK(same((signs & 1) != 0 ? -a : a, (signs & 2) != 0 ? -b : b, (signs & 4) != 0 ? -c : c));
}
