// The kernels in bf16 for x86-64: with AVX512_BF16, and with the matrix registers of AMX.
#include "embed/bf16_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cfloat>
#include <cstring>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512bf16")
#endif

namespace thorax::embed {

namespace bf16 {
namespace {

// 32 numbers in fp32.
struct Wide {
  __m512 first, second;
};

inline Wide load_two(const float* first, const float* second) {
  return {_mm512_loadu_ps(first), _mm512_loadu_ps(second)};
}
// Masks of ones throughout: GCC 12 takes what the plain forms leave undefined for an uninitialised value.
inline __m512i upper_half(__m256i numbers) {
  return _mm512_maskz_slli_epi32(0xffff, _mm512_maskz_cvtepu16_epi32(0xffff, numbers), 16);
}
inline Wide load(const float* x) {
  __m256i halves[2];
  memcpy(halves, x, sizeof halves);
  return {_mm512_castsi512_ps(upper_half(halves[0])), _mm512_castsi512_ps(upper_half(halves[1]))};
}
// Rounded to the nearest, of two the even one.
inline void store(float* y, const Wide& v) {
  const __m512bh both = _mm512_cvtne2ps_pbh(v.second, v.first);
  memcpy(y, &both, sizeof both);
}
inline Wide operator+(const Wide& a, const Wide& b) {
  return {_mm512_add_ps(a.first, b.first), _mm512_add_ps(a.second, b.second)};
}
inline Wide operator-(const Wide& a, const Wide& b) {
  return {_mm512_sub_ps(a.first, b.first), _mm512_sub_ps(a.second, b.second)};
}
inline __m512 most(__m512 a, __m512 b) {
  return _mm512_maskz_max_ps(0xffff, a, b);
}
inline __m512 least(__m512 a, __m512 b) {
  return _mm512_maskz_min_ps(0xffff, a, b);
}

// Clamps of a block; `origin` is what a channel has where its ReLU is 0.
struct Bounds {
  Wide low, high, origin;
  Bounds(const float* l, const float* h)
      : low(load_two(l, l + 16)),
        high(load_two(h, h + 16)),
        origin{bound(low.first, high.first), bound(low.second, high.second)} {}
  static __m512 bound(__m512 below, __m512 above) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(below, _mm512_set1_ps(-FLT_MAX), _CMP_EQ_OQ), below, above);
  }
  Wide clamp(const Wide& x) const {
    return {least(most(x.first, low.first), high.first), least(most(x.second, low.second), high.second)};
  }
};

void clamp(const float* x, const float* low, const float* high, float* y, int pixels) {
  const Bounds bounds(low, high);
  for (int p = 0; p < pixels; ++p) store(y + 16 * p, bounds.clamp(load(x + 16 * p)) - bounds.origin);
}

void clamp_pool(const float* x, const float* below, const float* low, const float* high, float* y, int pixels) {
  const Bounds bounds(low, high);
  const __m512 quarter = _mm512_set1_ps(0.25F);
  for (int p = 0; p < pixels; ++p) {
    const Wide upper = bounds.clamp(load(x + 32 * p)) + bounds.clamp(load(x + 32 * p + 16));
    const Wide sum = upper + (bounds.clamp(load(below + 32 * p)) + bounds.clamp(load(below + 32 * p + 16)));
    store(y + 16 * p, Wide{_mm512_mul_ps(sum.first, quarter), _mm512_mul_ps(sum.second, quarter)} - bounds.origin);
  }
}

void narrow(const float* first, const float* second, float* y, int pixels) {
  for (int p = 0; p < pixels; ++p) store(y + 16 * p, load_two(first + 16 * p, second + 16 * p));
}

void widen(const float* x, float* first, float* second, int pixels) {
  for (int p = 0; p < pixels; ++p) {
    const Wide v = load(x + 16 * p);
    _mm512_storeu_ps(first + 16 * p, v.first);
    _mm512_storeu_ps(second + 16 * p, v.second);
  }
}

inline __m512i rounded(const float* from) {
  const __m256bh numbers = _mm512_cvtneps_pbh(_mm512_loadu_ps(from));
  __m256i bits;
  memcpy(&bits, &numbers, sizeof bits);
  return _mm512_maskz_cvtepu16_epi32(0xffff, bits);
}

void pack(const float* even, const float* odd, uint16_t* to) {
  _mm512_storeu_si512(to, _mm512_or_si512(rounded(even), _mm512_maskz_slli_epi32(0xffff, rounded(odd), 16)));
}

inline ptrdiff_t pair_weights(const Bf16Conv& c) {
  return static_cast<ptrdiff_t>(c.blocks) * c.kernel * c.kernel * bf16_lanes * bf16_lanes;
}

// An output pixel.
inline void finish(const Bf16Conv& c, Wide sum, const Wide& bias, float* y) {
  sum = sum + bias;
  if (c.add) sum = sum + load(y);
  const __m512 zero = _mm512_setzero_ps();
  if (c.relu) sum = {most(sum.first, zero), most(sum.second, zero)};
  store(y, sum);
}

// `pixels` outputs from `from` on.
template <int pixels>
inline void conv_outputs(const Bf16Conv& c, const Bf16Tile& tile, int from, const uint16_t* w, const Wide& bias, float* y) {
  __m512 total[pixels][2];
  for (auto& both : total) both[0] = both[1] = _mm512_setzero_ps();
  for (int b = 0; b < c.blocks; ++b) {
    for (int i = 0; i < c.kernel; ++i) {
      for (int j = 0; j < c.kernel; ++j, w += bf16_lanes * bf16_lanes) {
        const float* x = tile.rows[i] + b * c.x_block + j * 16 + static_cast<ptrdiff_t>(from) * c.x_pixel;
        for (int k = 0; k < bf16_lanes / 2; ++k) {
          __m512bh weights[2];
          memcpy(&weights[0], w + static_cast<ptrdiff_t>(k) * bf16_lanes, sizeof weights[0]);
          memcpy(&weights[1], w + static_cast<ptrdiff_t>(16 + k) * bf16_lanes, sizeof weights[1]);
#pragma GCC unroll 8
          for (int p = 0; p < pixels; ++p) {
            int two;
            memcpy(&two, x + static_cast<ptrdiff_t>(p) * c.x_pixel + k, sizeof two);
            const __m512i everywhere = _mm512_set1_epi32(two);
            __m512bh value;
            memcpy(&value, &everywhere, sizeof value);
            total[p][0] = _mm512_dpbf16_ps(total[p][0], value, weights[0]);
            total[p][1] = _mm512_dpbf16_ps(total[p][1], value, weights[1]);
          }
        }
      }
    }
  }
  for (int p = 0; p < pixels; ++p)
    if (from + p >= tile.skip) finish(c, {total[p][0], total[p][1]}, bias, y + static_cast<ptrdiff_t>(from + p) * 16);
}

template <int pixels>
void conv_some(int count, const Bf16Conv& c, const Bf16Tile& tile, int from, const uint16_t* w, const Wide& bias, float* y) {
  if constexpr (pixels > 1) {
    if (count < pixels) {
      conv_some<pixels - 1>(count, c, tile, from, w, bias, y);
      return;
    }
  }
  conv_outputs<pixels>(c, tile, from, w, bias, y);
}

void conv(const Bf16Conv& c) {
  for (int pair = 0; pair < c.pairs; ++pair) {
    const Wide bias = load_two(c.bias + 32 * pair, c.bias + 32 * pair + 16);
    for (int t = 0; t < c.count; ++t)
      for (int from = 0; from < c.pixels; from += 8)
        conv_some<8>(c.pixels - from, c, c.tiles[t], from, c.weights + pair * pair_weights(c), bias,
                     c.tiles[t].y + pair * c.y_block);
  }
}

// AMX: eight registers of 16 rows of 64 bytes; a product adds 16 pixels x 32 channels times 32 channels x 16 outputs to 16x16
// sums. In assembly, as compilers take the intrinsics' memory for untouched. Registers 0 to 3 hold sums, 4 and 5 pixels, 6 and 7
// weights.
template <int tile>
inline void load_tile(const void* from, ptrdiff_t stride) {
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(stride), "i"(tile) : "memory");
}
template <int tile>
inline void store_tile(float (*to)[16]) {
  __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(ptrdiff_t{64}), "i"(tile) : "memory");
}
template <int tile>
inline void zero_tile() {
  __asm__ volatile("tilezero %%tmm%c0" ::"i"(tile));
}
template <int sums, int pixels, int weights>
inline void multiply() {
  __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(sums), "i"(pixels), "i"(weights));
}

// From here to its end the thread has the registers, each tile of so many pixels.
struct Tiles {
  explicit Tiles(int pixels) {
    struct {
      uint8_t palette, start_row, reserved[14];
      uint16_t row_bytes[16];
      uint8_t rows[16];
    } shape = {};
    shape.palette = 1;
    for (int i = 0; i < 8; ++i) {
      shape.row_bytes[i] = 64;
      shape.rows[i] = static_cast<uint8_t>(i < 6 ? pixels : 16);
    }
    __asm__ volatile("ldtilecfg %0" ::"m"(shape));
  }
  ~Tiles() { __asm__ volatile("tilerelease"); }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;
};

// One tile or two, one pair of halves.
template <int tiles, int kernel>
inline void tile_sums(const Bf16Conv& c, const Bf16Tile* t, const uint16_t* w, float (*sums)[16][16]) {
  const ptrdiff_t stride = c.x_pixel * 4, block = c.x_block;
  const int blocks = c.blocks;
  zero_tile<0>(), zero_tile<1>(), zero_tile<2>(), zero_tile<3>();
  for (int b = 0; b < blocks; ++b) {
    for (int i = 0; i < kernel; ++i) {
      const float* x = t[0].rows[i] + b * block;
      const float* other = t[tiles - 1].rows[i] + b * block;
#pragma GCC unroll 3
      for (int j = 0; j < kernel; ++j, w += bf16_lanes * bf16_lanes) {
        load_tile<4>(x + j * 16, stride);
        load_tile<6>(w, 64);
        multiply<0, 4, 6>();
        load_tile<7>(w + bf16_lanes * 16, 64);
        multiply<1, 4, 7>();
        if constexpr (tiles == 2) {
          load_tile<5>(other + j * 16, stride);
          multiply<2, 5, 6>();
          multiply<3, 5, 7>();
        }
      }
    }
  }
  store_tile<0>(sums[0]), store_tile<1>(sums[1]);
  if constexpr (tiles == 2) store_tile<2>(sums[2]), store_tile<3>(sums[3]);
}

template <int tiles, int kernel>
void amx_tiles(const Bf16Conv& c, const Bf16Tile* t) {
  alignas(64) float sums[4][16][16];
  for (int pair = 0; pair < c.pairs; ++pair) {
    tile_sums<tiles, kernel>(c, t, c.weights + pair * pair_weights(c), sums);
    const Wide bias = load_two(c.bias + 32 * pair, c.bias + 32 * pair + 16);
    for (int i = 0; i < tiles; ++i)
      for (int p = t[i].skip; p < c.pixels; ++p)
        finish(c, load_two(sums[2 * i][p], sums[2 * i + 1][p]), bias, t[i].y + pair * c.y_block + static_cast<ptrdiff_t>(p) * 16);
  }
}

void amx_conv(const Bf16Conv& c) {
  const Tiles tiles(c.pixels);
  int t = 0;
  for (; t + 2 <= c.count; t += 2) c.kernel == 1 ? amx_tiles<2, 1>(c, c.tiles + t) : amx_tiles<2, 3>(c, c.tiles + t);
  if (t < c.count) c.kernel == 1 ? amx_tiles<1, 1>(c, c.tiles + t) : amx_tiles<1, 3>(c, c.tiles + t);
}

}  // namespace
}  // namespace bf16

extern const Bf16Kernels avx512_bf16_kernels = {"avx512-bf16", bf16::conv,  bf16::clamp, bf16::clamp_pool,
                                                bf16::narrow,  bf16::widen, bf16::pack};
extern const Bf16Kernels amx_bf16_kernels = {"amx-bf16",   bf16::amx_conv, bf16::clamp, bf16::clamp_pool,
                                             bf16::narrow, bf16::widen,    bf16::pack};

}  // namespace thorax::embed

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
