#include "kernels/max_pool.h"

#include <algorithm>

#include "kernels/cpu/batch_norm_math.h"
#include "kernels/cpu/types.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

using Bytes = uint8_t __attribute__((vector_size(THORAX_BLOCK)));

void store_index(uint8_t* p, IntVec cells) {
  const Bytes b = __builtin_convertvector(cells, Bytes);
  std::memcpy(p, &b, sizeof b);
}
IntVec load_index(const uint8_t* p) {
  Bytes b;
  std::memcpy(&b, p, sizeof b);
  return __builtin_convertvector(b, IntVec);
}

// The maximum of one window and where it is. Padding is never the maximum: every window holds at least one pixel.
template <class T>
void pool_window(const T* x, int64_t height, int64_t width, const Window& w, int64_t top, int64_t left, T* y, uint8_t* index) {
  Vec best = broadcast(-HUGE_VALF);
  IntVec cell{};
  bool any = false;
  for (int64_t kh = std::max<int64_t>(0, -top); kh < std::min(w.kernel, height - top); ++kh) {
    for (int64_t kw = std::max<int64_t>(0, -left); kw < std::min(w.kernel, width - left); ++kw) {
      const Vec value = load(x + ((top + kh) * width + left + kw) * block);
      const IntVec here = IntVec{} + static_cast<int32_t>(kh * w.kernel + kw);
      const IntVec better = any ? ((value > best) | ((value != value) & (best == best))) : IntVec{} - 1;
      best = better ? value : best;
      cell = better ? here : cell;
      any = true;
    }
  }
  store(y, best);
  store_index(index, cell);
}

// One input pixel's gradient: from every window that contains it and has its maximum there.
template <class T>
Vec gather(const T* dy, const uint8_t* index, int64_t out_h, int64_t out_w, const Window& w, int64_t h, int64_t x) {
  Vec sum{};
  const auto first = [&](int64_t i) { return std::max<int64_t>(0, (i + w.pad - w.kernel + w.stride) / w.stride); };
  for (int64_t oh = first(h); oh < out_h && oh * w.stride - w.pad <= h; ++oh) {
    for (int64_t ow = first(x); ow < out_w && ow * w.stride - w.pad <= x; ++ow) {
      const auto cell = static_cast<int32_t>((h + w.pad - oh * w.stride) * w.kernel + x + w.pad - ow * w.stride);
      const int64_t at = (oh * out_w + ow) * block;
      sum += where(load_index(index + at) == IntVec{} + cell, load(dy + at));
    }
  }
  return sum;
}

}  // namespace

void max_pool_forward(const Stream& stream, const Tensor& x, const Window& window, const Tensor& y, const Tensor& index) {
  const int64_t height = x.shape[2], width = x.shape[3], out_h = y.shape[2], out_w = y.shape[3];
  with_type(x.dtype, [&](auto type) {
    using T = decltype(type);
    for_blocks(stream, x, [&](int64_t n, int64_t c) {
      const int64_t plane = n * x.shape[1] + c;
      const T* px = x.as<T>() + plane * height * width;
      T* py = y.as<T>() + plane * out_h * out_w;
      uint8_t* pi = index.as<uint8_t>() + plane * out_h * out_w;
      for (int64_t oh = 0; oh < out_h; ++oh) {
        for (int64_t ow = 0; ow < out_w; ++ow) {
          const int64_t at = (oh * out_w + ow) * block;
          pool_window(px, height, width, window, oh * window.stride - window.pad, ow * window.stride - window.pad, py + at, pi + at);
        }
      }
    });
  });
}

void max_pool_backward(const Stream& stream, const Tensor& dy, const Tensor& index, const Window& window, const Tensor& dx, bool accumulate) {
  const int64_t height = dx.shape[2], width = dx.shape[3], out_h = dy.shape[2], out_w = dy.shape[3];
  with_type(dx.dtype, [&](auto type) {
    using T = decltype(type);
    for_blocks(stream, dx, [&](int64_t n, int64_t c) {
      const int64_t plane = n * dx.shape[1] + c;
      const T* pdy = dy.as<T>() + plane * out_h * out_w;
      const uint8_t* pi = index.as<uint8_t>() + plane * out_h * out_w;
      T* pdx = dx.as<T>() + plane * height * width;
      for (int64_t h = 0; h < height; ++h) {
        for (int64_t w = 0; w < width; ++w) {
          T* to = pdx + (h * width + w) * block;
          const Vec gradient = gather(pdy, pi, out_h, out_w, window, h, w);
          store(to, accumulate ? load(to) + gradient : gradient);
        }
      }
    });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
