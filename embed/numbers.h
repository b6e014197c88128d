// Exponential and logarithm of our own: libm's may differ in the last bit between systems, and probabilities may not.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace thorax::embed {

// e^x, to a few units in the last place of double.
inline double exponential(double x) {
  if (x > 700) x = 700;
  if (x < -700) x = -700;
  const double turns = x * 1.4426950408889634;
  const auto whole = static_cast<int64_t>(turns + (turns >= 0 ? 0.5 : -0.5));
  const auto k = static_cast<double>(whole);
  const double r = fma(k, -1.9082149292705877e-10, fma(k, -6.93147180369123816490e-01, x));  // ln 2 in two parts
  double sum = 1.0;
  for (int n = 14; n > 0; --n) sum = fma(sum, r / n, 1.0);
  const uint64_t bits = static_cast<uint64_t>(whole + 1023) << 52;
  double power;
  memcpy(&power, &bits, sizeof power);
  return sum * power;
}

// ln x of a normal number above 0: 2 artanh((m - 1)/(m + 1)) of the mantissa m.
inline double logarithm(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  int64_t exponent = static_cast<int64_t>(bits >> 52) - 1023;
  bits = (bits & 0xfffffffffffffU) | 0x3ff0000000000000U;
  double m;
  memcpy(&m, &bits, sizeof m);
  if (m > 1.4142135623730951) m *= 0.5, ++exponent;
  const double s = (m - 1) / (m + 1);
  const double square = s * s;
  double sum = 0;
  for (int n = 25; n > 0; n -= 2) sum = fma(sum, square, 1.0 / n);
  return fma(static_cast<double>(exponent), 0.6931471805599453, 2 * s * sum);
}

inline double logistic(double x) {
  const double e = exponential(x < 0 ? x : -x);
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

// A probability that rounding has made 0 or 1 counts as 1e-7 from it.
inline double logit(double p) {
  p = p < 1e-7 ? 1e-7 : p > 1 - 1e-7 ? 1 - 1e-7 : p;
  return logarithm(p / (1 - p));
}

}  // namespace thorax::embed
