// a * b + c with one rounding, from additions and multiplications alone: libm's fmaf is a call per number, and slow where the
// processor has no such instruction.
#pragma once

#include <cstdint>
#include <cstring>

namespace thorax::embed {

// The product is exact in double. The sum is rounded to odd there, after which rounding to float is as if of the exact sum
// (Boldo and Melquiond 2008). In round to nearest.
inline float portable_fma(float a, float b, float c) {
  const double product = static_cast<double>(a) * static_cast<double>(b), addend = static_cast<double>(c);
  const double sum = product + addend;
  const double part = sum - product;
  const double error = (product - (sum - part)) + (addend - part);  // exact; NaN where the sum is not finite
  uint64_t bits, error_bits;
  memcpy(&bits, &sum, sizeof bits);
  memcpy(&error_bits, &error, sizeof error_bits);
  // An even neighbour of an inexact sum gives way to the odd one on the other side.
  const uint64_t moves = static_cast<uint64_t>((error < 0) | (error > 0)) & ~bits;
  bits += (moves & 1U) * (1 - 2 * ((bits ^ error_bits) >> 63U));
  double odd;
  memcpy(&odd, &bits, sizeof odd);
  return static_cast<float>(odd);
}

}  // namespace thorax::embed
