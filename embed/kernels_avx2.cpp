// The kernels for x86-64 with AVX2 and FMA.
#include "embed/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

namespace thorax::embed {

namespace avx2 {
namespace {

struct V {
  static constexpr int pixels = 6, blocks = 1;
  __m256 low, high;
};

inline V load(const float* from) {
  return {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)};
}
inline void store(float* to, V x) {
  _mm256_storeu_ps(to, x.low);
  _mm256_storeu_ps(to + 8, x.high);
}
inline V all(float value) {
  const __m256 x = _mm256_set1_ps(value);
  return {x, x};
}
inline V fma(V a, V b, V c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
inline V max(V a, V b) {
  return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
}
inline V min(V a, V b) {
  return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)};
}
inline V add(V a, V b) {
  return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}
inline V scaled(V a, V b) {
  return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}

#include "embed/kernel_body.h"

}  // namespace
}  // namespace avx2

extern const Kernels avx2_kernels = {"avx2",         avx2::conv_row, avx2::clamp,       avx2::clamp_pool,
                                     avx2::max_pool, avx2::sum,      avx2::winograd_in, avx2::winograd_out};

}  // namespace thorax::embed

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
