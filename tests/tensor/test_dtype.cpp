#include "tensor/dtype.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace thorax;

namespace {

f16 half(int bits) {
  return {static_cast<uint16_t>(bits)};
}

}  // namespace

TEST_CASE("f16: every number by its definition, there and back") {
  int64_t wrong = 0;
  for (int bits = 0; bits < 0x10000; ++bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const float value = to_float(half(bits));
    const double size = exponent == 0 ? fraction * 0x1p-24 : std::ldexp(1024 + fraction, exponent - 25);
    const double expected = (bits & 0x8000) != 0 ? -size : size;
    if (exponent < 31) {
      wrong += static_cast<double>(value) != expected || to_f16(value).bits != bits ? 1 : 0;
    } else if (fraction == 0) {
      wrong += std::isinf(value) && std::signbit(value) == ((bits & 0x8000) != 0) && to_f16(value).bits == bits ? 0 : 1;
    } else {
      wrong += std::isnan(value) && std::isnan(to_float(to_f16(value))) ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("f16: between two numbers the nearer one, halfway the even one, and infinity from 65520") {
  int64_t wrong = 0;
  for (int bits = 0; bits < 0x7bff; ++bits) {
    const float low = to_float(half(bits)), high = to_float(half(bits + 1));
    const float middle = low + (high - low) / 2;  // exact: a float has 13 bits more
    const auto even = static_cast<uint16_t>(bits % 2 == 0 ? bits : bits + 1);
    wrong += to_f16(middle).bits != even ? 1 : 0;
    wrong += to_f16(std::nextafter(middle, low)).bits != bits ? 1 : 0;
    wrong += to_f16(std::nextafter(middle, high)).bits != bits + 1 ? 1 : 0;
    wrong += to_f16(-middle).bits != (even | 0x8000) ? 1 : 0;
  }
  CHECK(wrong == 0);
  CHECK(to_f16(65519.996F).bits == 0x7bff);
  CHECK(to_f16(65520.0F).bits == 0x7c00);
  CHECK(to_f16(-std::numeric_limits<float>::max()).bits == 0xfc00);
  CHECK(to_f16(std::numeric_limits<float>::denorm_min()).bits == 0);
}
