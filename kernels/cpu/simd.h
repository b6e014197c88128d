// One vector is one channel block: 16 floats with AVX-512, 8 with AVX2. Included by kernels/cpu/*.cpp alone, which are compiled
// once per instruction set into the namespace THORAX_ISA.
#pragma once

#include <omp.h>

#include <cmath>
#include <cstdint>
#include <cstring>

#include "tensor/dtype.h"

namespace thorax::cpu::THORAX_ISA {

constexpr int64_t block = THORAX_BLOCK;

using Vec = float __attribute__((vector_size(THORAX_BLOCK * 4)));
using IntVec = int32_t __attribute__((vector_size(THORAX_BLOCK * 4)));
using DoubleVec = double __attribute__((vector_size(THORAX_BLOCK * 8)));

inline Vec broadcast(float x) { return x - Vec{}; }

inline Vec load(const float* p) {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline Vec load(const bf16* p) {
  using Half = uint16_t __attribute__((vector_size(THORAX_BLOCK * 2)));
  using Word = uint32_t __attribute__((vector_size(THORAX_BLOCK * 4)));
  Half h;
  std::memcpy(&h, p, sizeof h);
  const Word w = __builtin_convertvector(h, Word) << 16;
  Vec v;
  std::memcpy(&v, &w, sizeof v);
  return v;
}
inline void store(float* p, Vec v) { std::memcpy(p, &v, sizeof v); }
// Round to nearest even. A NaN's payload may be rounded into an infinity's bits only when its low half alone is set; the quiet
// NaNs that arithmetic makes are kept.
inline void store(bf16* p, Vec v) {
  using Half = uint16_t __attribute__((vector_size(THORAX_BLOCK * 2)));
  using Word = uint32_t __attribute__((vector_size(THORAX_BLOCK * 4)));
  Word w;
  std::memcpy(&w, &v, sizeof w);
  w = (w + 0x7fffU + ((w >> 16) & 1U)) >> 16;
  const Half h = __builtin_convertvector(w, Half);
  std::memcpy(p, &h, sizeof h);
}

// The value that store() would leave in memory: statistics are taken of what is stored.
inline Vec rounded(const float*, Vec v) { return v; }
inline Vec rounded(const bf16*, Vec v) {
  bf16 stored[THORAX_BLOCK];
  store(stored, v);
  return load(stored);
}

// a * b + c with one rounding.
inline Vec fma(Vec a, Vec b, Vec c) {
  Vec r;
  for (int i = 0; i < THORAX_BLOCK; ++i) r[i] = std::fma(a[i], b[i], c[i]);
  return r;
}
inline Vec max(Vec a, Vec b) { return a > b ? a : b; }
// x where the mask (of a comparison) is set, else 0.
inline Vec where(IntVec mask, Vec x) { return mask ? x : Vec{}; }

// f(i) for i in [0, count). Inside a parallel region (images side by side) the loop is sequential; outside it uses the threads.
template <class F>
void parallel_for(int threads, int64_t count, const F& f) {
  if (threads <= 1 || count <= 1 || omp_in_parallel()) {
    for (int64_t i = 0; i < count; ++i) f(i);
    return;
  }
#pragma omp parallel for schedule(static) num_threads(threads)
  for (int64_t i = 0; i < count; ++i) f(i);
}

}  // namespace thorax::cpu::THORAX_ISA
