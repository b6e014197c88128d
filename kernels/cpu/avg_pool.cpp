#include "kernels/avg_pool.h"

#include <algorithm>

#include "kernels/cpu/batch_norm_math.h"
#include "kernels/cpu/types.h"

namespace thorax::cpu::THORAX_ISA {

void avg_pool_forward(const Stream& stream, const Tensor& x, const Window& window, const Tensor& y) {
  const int64_t width = x.shape[3], out_w = y.shape[3];
  const float scale = 1.0F / static_cast<float>(window.kernel * window.kernel);
  with_type(x.dtype, [&](auto type) {
    using T = decltype(type);
    for_blocks(stream, x, [&](int64_t n, int64_t c) {
      const T* px = Slice(x).at<T>(n) + c * x.shape[2] * width;
      T* py = Slice(y).at<T>(n) + c * y.shape[2] * out_w;
      for (int64_t o = 0; o < y.shape[2] * out_w; ++o) {
        const T* corner = px + (o / out_w * window.stride * width + o % out_w * window.stride) * block;
        Vec sum{};
        for (int64_t kh = 0; kh < window.kernel; ++kh) {
          for (int64_t kw = 0; kw < window.kernel; ++kw) sum += load(corner + (kh * width + kw) * block);
        }
        store(py + o * block, sum * scale);
      }
    });
  });
}

void avg_pool_backward(const Stream& stream, const Tensor& dy, const Window& window, const Tensor& dx, bool accumulate) {
  const int64_t width = dx.shape[3], out_h = dy.shape[2], out_w = dy.shape[3];
  const float scale = 1.0F / static_cast<float>(window.kernel * window.kernel);
  const auto first = [&](int64_t i) { return std::max<int64_t>(0, (i - window.kernel + window.stride) / window.stride); };
  with_type(dx.dtype, [&](auto type) {
    using T = decltype(type);
    for_blocks(stream, dx, [&](int64_t n, int64_t c) {
      const T* pdy = Slice(dy).at<T>(n) + c * out_h * out_w;
      T* pdx = Slice(dx).at<T>(n) + c * dx.shape[2] * width;
      for (int64_t i = 0; i < dx.shape[2] * width; ++i) {
        const int64_t h = i / width, w = i % width;
        Vec sum{};
        for (int64_t oh = first(h); oh < out_h && oh * window.stride <= h; ++oh) {
          for (int64_t ow = first(w); ow < out_w && ow * window.stride <= w; ++ow) sum += load(pdy + (oh * out_w + ow) * block);
        }
        T* to = pdx + i * block;
        store(to, accumulate ? load(to) + sum * scale : sum * scale);
      }
    });
  });
}

void global_avg_pool_forward(const Stream& stream, const Tensor& x, const Tensor& y) {
  const int64_t pixels = x.shape[2] * x.shape[3];
  with_type(x.dtype, [&](auto type) {
    using T = decltype(type);
    for_blocks(stream, x, [&](int64_t n, int64_t c) {
      const T* px = Slice(x).at<T>(n) + c * pixels;
      DoubleVec total{};
      for (int64_t begin = 0; begin < pixels; begin += 256) {
        Vec sum{};
        for (int64_t i = begin; i < std::min(pixels, begin + 256); ++i) sum += load(px + i * block);
        total += __builtin_convertvector(sum, DoubleVec);
      }
      store(y.as<float>() + n * x.shape[1] + c, __builtin_convertvector(total / static_cast<double>(pixels), Vec));
    });
  });
}

void global_avg_pool_backward(const Stream& stream, const Tensor& dy, const Tensor& dx, bool accumulate) {
  const int64_t pixels = dx.shape[2] * dx.shape[3];
  with_type(dx.dtype, [&](auto type) {
    using T = decltype(type);
    for_blocks(stream, dx, [&](int64_t n, int64_t c) {
      const Vec gradient = load(dy.as<float>() + n * dx.shape[1] + c) / static_cast<float>(pixels);
      T* to = Slice(dx).at<T>(n) + c * pixels;
      for (int64_t i = 0; i < pixels; ++i) store(to + i * block, accumulate ? load(to + i * block) + gradient : gradient);
    });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
