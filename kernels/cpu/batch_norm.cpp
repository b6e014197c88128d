#include "kernels/batch_norm.h"

#include <algorithm>

#include "kernels/cpu/batch_norm_math.h"
#include "kernels/cpu/plane.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

// Sums in fp32 over short runs, then in double: the error does not grow with the size of the image.
constexpr int64_t run_pixels = 256;

template <bool relu, bool writes, bool accumulate, class T, class G>
void backward_block(const T* x, const T* dy, const Coefficients& k, G* g, int64_t pixels, float* sum_dz, float* sum_dz_xhat) {
  DoubleVec total_dz{};
  DoubleVec total_dz_xhat{};
  for (int64_t begin = 0; begin < pixels; begin += run_pixels) {
    Vec dz_sum{};
    Vec dz_xhat_sum{};
    for (int64_t i = begin; i < std::min(pixels, begin + run_pixels); ++i) {
      const Vec value = load(x + i * block);
      const Vec dz = k.dz<relu>(value, load(dy + i * block));
      dz_sum += dz;
      dz_xhat_sum = fma(dz, k.xhat(value), dz_xhat_sum);
      if constexpr (writes) {
        if constexpr (accumulate) store(g + i * block, fma(k.a, dz, load(g + i * block)));
        else store(g + i * block, k.a * dz);
      }
    }
    total_dz += __builtin_convertvector(dz_sum, DoubleVec);
    total_dz_xhat += __builtin_convertvector(dz_xhat_sum, DoubleVec);
  }
  store(sum_dz, __builtin_convertvector(total_dz, Vec));
  store(sum_dz_xhat, __builtin_convertvector(total_dz_xhat, Vec));
}

template <bool relu, bool accumulate, class T, class G>
void apply_block(const T* x, const T* dy, const Coefficients& k, Vec b, Vec c, G* dx, int64_t pixels) {
  for (int64_t i = 0; i < pixels; ++i) {
    const Vec value = load(x + i * block);
    const Vec gradient = fma(k.a, k.dz<relu>(value, load(dy + i * block)), fma(b, k.xhat(value), c));
    if constexpr (accumulate) store(dx + i * block, load(dx + i * block) + gradient);
    else store(dx + i * block, gradient);
  }
}

}  // namespace

void batch_norm_relu_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y, bool relu) {
  const int64_t pixels = x.pixels();
  with_type(x.buffer.dtype, [&](auto type) {
    using T = decltype(type);
    for_blocks(stream, x, [&](int64_t n, int64_t c) {
      const Coefficients k(norm, c);
      const T* from = x.at<T>(n) + c * pixels;
      T* to = y.at<T>(n) + c * pixels;
      const Vec floor = relu ? Vec{} : broadcast(-HUGE_VALF);
      for (int64_t i = 0; i < pixels; ++i) store(to + i * block, max(k.z(load(from + i * block)), floor));
    });
  });
}

void batch_norm_relu_backward(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu, const Slice* g, bool accumulate,
                              float* sums) {
  const int64_t pixels = x.pixels();
  with_type(x.buffer.dtype, [&](auto type) {
    using T = decltype(type);
    with_type(g != nullptr ? g->buffer.dtype : DType::f32, [&](auto g_type) {
      using G = decltype(g_type);
      for_blocks(stream, x, [&](int64_t n, int64_t c) {
        const Coefficients k(norm, c);
        const T* px = x.at<T>(n) + c * pixels;
        const T* pdy = dy.at<T>(n) + c * pixels;
        G* pg = g != nullptr ? g->at<G>(n) + c * pixels : nullptr;
        float* s0 = sums + n * 2 * x.channels + c;
        float* s1 = s0 + x.channels;
        with_flags(relu, pg != nullptr, accumulate, [&](auto r, auto w, auto a) {
          backward_block<decltype(r)::value, decltype(w)::value, decltype(a)::value>(px, pdy, k, pg, pixels, s0, s1);
        });
      });
    });
  });
}

void batch_norm_relu_backward_apply(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu, const float* sum_dz,
                                    const float* sum_dz_xhat, int64_t count, const Slice& dx, bool accumulate) {
  const int64_t pixels = x.pixels();
  with_type(x.buffer.dtype, [&](auto type) {
    using T = decltype(type);
    with_type(dx.buffer.dtype, [&](auto g_type) {
      using G = decltype(g_type);
      for_blocks(stream, x, [&](int64_t n, int64_t c) {
        const Coefficients k(norm, c);
        const auto [b, shift] = k.corrections(sum_dz, sum_dz_xhat, c, count);
        const T* px = x.at<T>(n) + c * pixels;
        const T* pdy = dy.at<T>(n) + c * pixels;
        G* pdx = dx.at<G>(n) + c * pixels;
        with_flags(relu, accumulate, false, [&](auto r, auto a, auto) {
          apply_block<decltype(r)::value, decltype(a)::value>(px, pdy, k, b, shift, pdx, pixels);
        });
      });
    });
  });
}

void apply_corrections(const Stream& stream, const Slice& g, const Slice& x, const float* mean, const float* variance, float eps, const float* b,
                       const float* c, const Slice& out) {
  const int64_t pixels = x.pixels();
  with_type(x.buffer.dtype, [&](auto x_type) {
    using T = decltype(x_type);
    with_type(g.buffer.dtype, [&](auto g_type) {
      using G = decltype(g_type);
      with_type(out.buffer.dtype, [&](auto out_type) {
        using O = decltype(out_type);
        for_blocks(stream, x, [&](int64_t n, int64_t channel) {
          const Vec m = load(mean + channel);
          const Vec scale = load(b + channel) / root(load(variance + channel) + broadcast(eps));
          const Vec shift = load(c + channel);
          const T* px = x.at<T>(n) + channel * pixels;
          const G* pg = g.at<G>(n) + channel * pixels;
          O* po = out.at<O>(n) + channel * pixels;
          for (int64_t i = 0; i < pixels; ++i) {
            store(po + i * block, fma(scale, load(px + i * block) - m, load(pg + i * block) + shift));
          }
        });
      });
    });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
