// The kernels for x86-64 with AVX-512.
#include "embed/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f")
#endif

namespace thorax::embed {

namespace avx512 {
namespace {

struct V {
  static constexpr int pixels = 14, blocks = 2;
  __m512 x;
};

inline V load(const float* from) {
  return {_mm512_loadu_ps(from)};
}
inline void store(float* to, V x) {
  _mm512_storeu_ps(to, x.x);
}
inline V all(float value) {
  return {_mm512_set1_ps(value)};
}
inline V fma(V a, V b, V c) {
  return {_mm512_fmadd_ps(a.x, b.x, c.x)};
}
// With a mask of ones: GCC 12 takes what the plain forms leave undefined for an uninitialised value.
inline V max(V a, V b) {
  return {_mm512_maskz_max_ps(0xffff, a.x, b.x)};
}
inline V min(V a, V b) {
  return {_mm512_maskz_min_ps(0xffff, a.x, b.x)};
}
inline V add(V a, V b) {
  return {_mm512_add_ps(a.x, b.x)};
}
inline V scaled(V a, V b) {
  return {_mm512_mul_ps(a.x, b.x)};
}

#include "embed/kernel_body.h"

}  // namespace
}  // namespace avx512

extern const Kernels avx512_kernels = {"avx512",         avx512::conv_row, avx512::clamp,       avx512::clamp_pool,
                                       avx512::max_pool, avx512::sum,      avx512::winograd_in, avx512::winograd_out};

}  // namespace thorax::embed

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
