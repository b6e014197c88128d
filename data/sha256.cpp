#include "data/sha256.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace thorax::data {

namespace {

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (4.2.2), and of the square roots of the
// first eight (5.3.3). In long double the roots are exact to well beyond these bits.
struct Constants {
  std::array<uint32_t, 64> cube{};
  std::array<uint32_t, 8> square{};

  Constants() {
    size_t found = 0;
    for (uint32_t n = 2; found < cube.size(); ++n) {
      bool prime = true;
      for (uint32_t d = 2; d * d <= n; ++d) prime = prime && n % d != 0;
      if (!prime) continue;
      cube[found] = fraction(std::cbrt(static_cast<long double>(n)));
      if (found < square.size()) square[found] = fraction(std::sqrt(static_cast<long double>(n)));
      ++found;
    }
  }
  static uint32_t fraction(long double x) { return static_cast<uint32_t>((x - std::floor(x)) * 4294967296.0L); }
};

// 6.2.2. block: 64 bytes.
void add_block(std::array<uint32_t, 8>& hash, const uint8_t* block) {
  static const Constants constants;
  std::array<uint32_t, 64> w{};
  for (size_t t = 0; t < 16; ++t) {
    const uint8_t* b = block + 4 * t;
    w[t] = static_cast<uint32_t>(b[0]) << 24 | static_cast<uint32_t>(b[1]) << 16 | static_cast<uint32_t>(b[2]) << 8 | b[3];
  }
  for (size_t t = 16; t < 64; ++t) {
    const uint32_t s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
    const uint32_t s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ w[t - 2] >> 10;
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = hash;
  for (size_t t = 0; t < 64; ++t) {
    const uint32_t t1 =
        h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) + constants.cube[t] + w[t];
    const uint32_t t2 = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  const std::array<uint32_t, 8> sum{a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < 8; ++i) hash[i] += sum[i];
}

}  // namespace

std::string sha256(std::span<const uint8_t> bytes) {
  std::array<uint32_t, 8> hash = Constants().square;
  size_t at = 0;
  for (; bytes.size() - at >= 64; at += 64) add_block(hash, bytes.data() + at);
  // Padding: one bit, zeros, the length in bits.
  std::array<uint8_t, 128> tail{};
  const size_t rest = bytes.size() - at;
  std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), tail.begin());
  tail[rest] = 0x80;
  const size_t blocks = rest < 56 ? 1 : 2;
  const uint64_t bits = uint64_t{bytes.size()} * 8;
  for (size_t i = 0; i < 8; ++i) tail[64 * blocks - 1 - i] = static_cast<uint8_t>(bits >> (8 * i));
  for (size_t b = 0; b < blocks; ++b) add_block(hash, tail.data() + 64 * b);
  std::string text;
  for (uint32_t word : hash) {
    for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15U];
  }
  return text;
}

}  // namespace thorax::data
