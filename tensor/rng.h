// Counter-based random numbers: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// A number is a pure function of (seed, stream, index), so that order, threads and restarts do not matter. tools/philox.py
// is the same generator in Python.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

namespace thorax {

class Rng {
 public:
  // stream: what the numbers are for (a parameter's index, an epoch, ...).
  Rng(uint64_t seed, uint64_t stream) : seed_(seed), stream_(stream) {}

  // The index-th 32 bits: word index % 4 of the block with counter (index / 4, stream) and key seed.
  uint32_t bits(uint64_t index) const { return block(index / 4)[index % 4]; }
  // [0, 1) in steps of 2^-24: exact in float.
  float uniform(uint64_t index) const { return static_cast<float>(bits(index) >> 8) * 0x1p-24F; }
  float uniform(uint64_t index, float low, float high) const { return low + (high - low) * uniform(index); }
  // Standard normal by Box-Muller, computed in double.
  float normal(uint64_t index) const {
    const double u = (static_cast<double>(bits(2 * index)) + 1.0) * 0x1p-32;
    const double v = static_cast<double>(bits(2 * index + 1)) * 0x1p-32;
    return static_cast<float>(std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v));
  }
  // An integer in [0, n): multiply-shift of 32 bits; n < 2^31, the bias is below n / 2^32.
  uint32_t below(uint64_t index, uint32_t n) const {
    return static_cast<uint32_t>((static_cast<uint64_t>(bits(index)) * n) >> 32);
  }

  // The block function itself: counter c and key k to four words.
  static std::array<uint32_t, 4> philox(std::array<uint32_t, 4> c, std::array<uint32_t, 2> k) {
    for (int round = 0; round < 10; ++round) {
      const uint64_t a = uint64_t{0xD2511F53U} * c[0];
      const uint64_t b = uint64_t{0xCD9E8D57U} * c[2];
      c = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ k[0], static_cast<uint32_t>(b), static_cast<uint32_t>(a >> 32) ^ c[3] ^ k[1],
           static_cast<uint32_t>(a)};
      k = {k[0] + 0x9E3779B9U, k[1] + 0xBB67AE85U};
    }
    return c;
  }

 private:
  std::array<uint32_t, 4> block(uint64_t number) const {
    return philox({static_cast<uint32_t>(number), static_cast<uint32_t>(number >> 32), static_cast<uint32_t>(stream_),
                   static_cast<uint32_t>(stream_ >> 32)},
                  {static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32)});
  }
  uint64_t seed_;
  uint64_t stream_;
};

// A permutation of 0..n-1 (Fisher-Yates), a function of the generator alone.
template <class Container>
void shuffle(Container& items, const Rng& rng) {
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[rng.below(i, static_cast<uint32_t>(i))]);
}

}  // namespace thorax
