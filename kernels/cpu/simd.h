// One vector is one channel block: 16 floats with AVX-512, 8 with AVX2. Included by kernels/cpu/*.cpp alone, which are compiled
// once per instruction set into the namespace THORAX_ISA.
#pragma once

#include <immintrin.h>
#include <omp.h>

#include <cmath>
#include <cstdint>
#include <cstring>

#include "tensor/dtype.h"

namespace thorax::cpu::THORAX_ISA {

constexpr int64_t block = THORAX_BLOCK;

// GCC's vector types carry the arithmetic; intrinsics appear only where the compiler needs several instructions for one.
using Vec = float __attribute__((vector_size(THORAX_BLOCK * 4)));
using IntVec = int32_t __attribute__((vector_size(THORAX_BLOCK * 4)));
using WordVec = uint32_t __attribute__((vector_size(THORAX_BLOCK * 4)));
using HalfVec = uint16_t __attribute__((vector_size(THORAX_BLOCK * 2)));
using DoubleVec = double __attribute__((vector_size(THORAX_BLOCK * 8)));

#if THORAX_BLOCK == 16
// GCC 12 takes the unmasked intrinsics for uses of an uninitialised variable; with all lanes on, the masked ones are the same.
constexpr __mmask16 all_lanes = 0xffff;
#endif

inline Vec broadcast(float x) {
  return x - Vec{};
}

inline Vec load(const float* p) {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline Vec load(const bf16* p) {
  HalfVec h;
  std::memcpy(&h, p, sizeof h);
#if THORAX_BLOCK == 16
  const auto w = reinterpret_cast<WordVec>(_mm512_maskz_cvtepu16_epi32(all_lanes, reinterpret_cast<__m256i>(h)));
#else
  const auto w = reinterpret_cast<WordVec>(_mm256_cvtepu16_epi32(reinterpret_cast<__m128i>(h)));
#endif
  return reinterpret_cast<Vec>(w << 16);
}
inline Vec load(const f16* p) {
  HalfVec h;
  std::memcpy(&h, p, sizeof h);
#if THORAX_BLOCK == 16
  return reinterpret_cast<Vec>(_mm512_maskz_cvtph_ps(all_lanes, reinterpret_cast<__m256i>(h)));
#else
  return reinterpret_cast<Vec>(_mm256_cvtph_ps(reinterpret_cast<__m128i>(h)));
#endif
}
inline void store(float* p, Vec v) {
  std::memcpy(p, &v, sizeof v);
}
inline void store(f16* p, Vec v) {
#if THORAX_BLOCK == 16
  const auto h =
      reinterpret_cast<HalfVec>(_mm512_maskz_cvtps_ph(all_lanes, reinterpret_cast<__m512>(v), _MM_FROUND_TO_NEAREST_INT));
#else
  const auto h = reinterpret_cast<HalfVec>(_mm256_cvtps_ph(reinterpret_cast<__m256>(v), _MM_FROUND_TO_NEAREST_INT));
#endif
  std::memcpy(p, &h, sizeof h);
}
// The bits of v after rounding to nearest even in the upper 16 bits; the lower 16 are still to be dropped. A NaN's payload may be
// rounded into an infinity's bits only when its low half alone is set; the quiet NaNs that arithmetic makes are kept.
inline WordVec round_to_bf16(Vec v) {
  const auto w = reinterpret_cast<WordVec>(v);
  return w + 0x7fffU + ((w >> 16) & 1U);
}
inline void store_upper_half(bf16* p, WordVec w) {
  w >>= 16;
#if THORAX_BLOCK == 16
  const auto h = reinterpret_cast<HalfVec>(_mm512_maskz_cvtepi32_epi16(all_lanes, reinterpret_cast<__m512i>(w)));
#else
  const auto lanes = reinterpret_cast<__m256i>(w);
  const auto h = reinterpret_cast<HalfVec>(_mm_packus_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1)));
#endif
  std::memcpy(p, &h, sizeof h);
}
inline void store(bf16* p, Vec v) {
  store_upper_half(p, round_to_bf16(v));
}

// Stores v and returns what memory then holds: statistics are taken of what is stored.
inline Vec stored(float* p, Vec v) {
  store(p, v);
  return v;
}
inline Vec stored(f16* p, Vec v) {
  store(p, v);
  return load(p);
}
inline Vec stored(bf16* p, Vec v) {
  const WordVec w = round_to_bf16(v);
  store_upper_half(p, w);
  return reinterpret_cast<Vec>(w & 0xffff0000U);
}

inline DoubleVec to_double(Vec v) {
  return __builtin_convertvector(v, DoubleVec);
}
inline Vec to_single(DoubleVec v) {
  return __builtin_convertvector(v, Vec);
}

// a * b + c with one rounding.
inline Vec fma(Vec a, Vec b, Vec c) {
#if THORAX_BLOCK == 16
  return reinterpret_cast<Vec>(
      _mm512_fmadd_ps(reinterpret_cast<__m512>(a), reinterpret_cast<__m512>(b), reinterpret_cast<__m512>(c)));
#else
  return reinterpret_cast<Vec>(
      _mm256_fmadd_ps(reinterpret_cast<__m256>(a), reinterpret_cast<__m256>(b), reinterpret_cast<__m256>(c)));
#endif
}
// The larger; b where either is a NaN, so that max(floor, x) hands a NaN in x on.
inline Vec max(Vec a, Vec b) {
#if THORAX_BLOCK == 16
  return reinterpret_cast<Vec>(_mm512_maskz_max_ps(all_lanes, reinterpret_cast<__m512>(a), reinterpret_cast<__m512>(b)));
#else
  return reinterpret_cast<Vec>(_mm256_max_ps(reinterpret_cast<__m256>(a), reinterpret_cast<__m256>(b)));
#endif
}
// x where the mask (of a comparison) is set, else 0.
inline Vec where(IntVec mask, Vec x) {
  return mask ? x : Vec{};
}

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
