// The kernels for arm64, whose every processor has these instructions.
#include "embed/kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

namespace thorax::embed {

namespace neon {
namespace {

struct V {
  static constexpr int pixels = 6, blocks = 1;
  float32x4_t a, b, c, d;
};

inline V load(const float* from) {
  return {vld1q_f32(from), vld1q_f32(from + 4), vld1q_f32(from + 8), vld1q_f32(from + 12)};
}
inline void store(float* to, V x) {
  vst1q_f32(to, x.a);
  vst1q_f32(to + 4, x.b);
  vst1q_f32(to + 8, x.c);
  vst1q_f32(to + 12, x.d);
}
inline V all(float value) {
  const float32x4_t x = vdupq_n_f32(value);
  return {x, x, x, x};
}
inline V fma(V x, V y, V z) {
  return {vfmaq_f32(z.a, x.a, y.a), vfmaq_f32(z.b, x.b, y.b), vfmaq_f32(z.c, x.c, y.c), vfmaq_f32(z.d, x.d, y.d)};
}
// By comparison: fmax and fmin of arm64 order the zeros.
inline float32x4_t larger(float32x4_t x, float32x4_t y) {
  return vbslq_f32(vcgtq_f32(x, y), x, y);
}
inline float32x4_t smaller(float32x4_t x, float32x4_t y) {
  return vbslq_f32(vcltq_f32(x, y), x, y);
}
inline V max(V x, V y) {
  return {larger(x.a, y.a), larger(x.b, y.b), larger(x.c, y.c), larger(x.d, y.d)};
}
inline V min(V x, V y) {
  return {smaller(x.a, y.a), smaller(x.b, y.b), smaller(x.c, y.c), smaller(x.d, y.d)};
}
inline V add(V x, V y) {
  return {vaddq_f32(x.a, y.a), vaddq_f32(x.b, y.b), vaddq_f32(x.c, y.c), vaddq_f32(x.d, y.d)};
}
inline V scaled(V x, V y) {
  return {vmulq_f32(x.a, y.a), vmulq_f32(x.b, y.b), vmulq_f32(x.c, y.c), vmulq_f32(x.d, y.d)};
}

#include "embed/kernel_body.h"

}  // namespace
}  // namespace neon

extern const Kernels neon_kernels = {"neon",         neon::conv_row, neon::clamp,       neon::clamp_pool,
                                     neon::max_pool, neon::sum,      neon::winograd_in, neon::winograd_out};

}  // namespace thorax::embed
#endif
