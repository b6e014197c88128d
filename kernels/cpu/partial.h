// Vectors over plain float arrays, whose length need not be a multiple of a vector's.
#pragma once

#include <algorithm>

#include "kernels/cpu/simd.h"

namespace thorax::cpu::THORAX_ISA {

// The first count of p (at most a vector), the rest 0.
inline Vec load_part(const float* p, int64_t count) {
  if (count >= block) return load(p);
  Vec v{};
  for (int64_t i = 0; i < count; ++i) v[i] = p[i];
  return v;
}

inline void store_part(float* p, Vec v, int64_t count) {
  if (count >= block) return store(p, v);
  for (int64_t i = 0; i < count; ++i) p[i] = v[i];
}

// The sum of the lanes, in their order.
inline float sum(Vec v) {
  float s = 0;
  for (int i = 0; i < THORAX_BLOCK; ++i) s += v[i];
  return s;
}

// What one thread does at a time with a flat array.
constexpr int64_t flat_piece = 16384;

// f(begin, end) over [0, count) in pieces of flat_piece.
template <class F>
void parallel_pieces(int threads, int64_t count, const F& f) {
  parallel_for(threads, (count + flat_piece - 1) / flat_piece,
               [&](int64_t i) { f(i * flat_piece, std::min(count, (i + 1) * flat_piece)); });
}

}  // namespace thorax::cpu::THORAX_ISA
