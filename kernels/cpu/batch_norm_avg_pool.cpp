#include "kernels/batch_norm.h"

#include "kernels/cpu/batch_norm_math.h"
#include "kernels/cpu/plane.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

// The geometry of one 2x2 pooling with stride 2.
struct Pool {
  int64_t width, out_height, out_width;
  explicit Pool(const Slice& x) : width(x.buffer.shape[3]), out_height(x.buffer.shape[2] / 2), out_width(width / 2) {}
};

template <class T>
void forward_block(const T* x, const Coefficients& k, T* y, const Pool& p) {
  for (int64_t oh = 0; oh < p.out_height; ++oh) {
    for (int64_t ow = 0; ow < p.out_width; ++ow) {
      const T* corner = x + (2 * oh * p.width + 2 * ow) * block;
      const auto at = [&](int64_t offset) { return max(k.z(load(corner + offset * block)), Vec{}); };
      const Vec sum = (at(0) + at(1)) + (at(p.width) + at(p.width + 1));
      store(y + (oh * p.out_width + ow) * block, sum * 0.25F);
    }
  }
}

template <class T>
void sums_block(const T* x, const T* dpool, const Coefficients& k, const Pool& p, float* sum_dz, float* sum_dz_xhat) {
  DoubleVec total_dz{};
  DoubleVec total_dz_xhat{};
  for (int64_t oh = 0; oh < p.out_height; ++oh) {
    Vec dz_sum{};
    Vec dz_xhat_sum{};
    for (int64_t ow = 0; ow < p.out_width; ++ow) {
      const T* corner = x + (2 * oh * p.width + 2 * ow) * block;
      const Vec dy = load(dpool + (oh * p.out_width + ow) * block) * 0.25F;
      for (int64_t offset : {int64_t{0}, int64_t{1}, p.width, p.width + 1}) {
        const Vec value = load(corner + offset * block);
        const Vec dz = k.dz<true>(value, dy);
        dz_sum += dz;
        dz_xhat_sum = fma(dz, k.xhat(value), dz_xhat_sum);
      }
    }
    total_dz += __builtin_convertvector(dz_sum, DoubleVec);
    total_dz_xhat += __builtin_convertvector(dz_xhat_sum, DoubleVec);
  }
  store(sum_dz, __builtin_convertvector(total_dz, Vec));
  store(sum_dz_xhat, __builtin_convertvector(total_dz_xhat, Vec));
}

template <bool accumulate, class T, class G>
void apply_block(const T* x, const T* dpool, const Coefficients& k, Vec b, Vec c, G* dx, int64_t height, const Pool& p) {
  for (int64_t h = 0; h < height; ++h) {
    for (int64_t w = 0; w < p.width; ++w) {
      const int64_t i = (h * p.width + w) * block;
      const Vec value = load(x + i);
      const bool pooled = h / 2 < p.out_height && w / 2 < p.out_width;
      const Vec dy = pooled ? load(dpool + (h / 2 * p.out_width + w / 2) * block) * 0.25F : Vec{};
      const Vec gradient = fma(k.a, k.dz<true>(value, dy), fma(b, k.xhat(value), c));
      if constexpr (accumulate) store(dx + i, load(dx + i) + gradient);
      else store(dx + i, gradient);
    }
  }
}

}  // namespace

void batch_norm_relu_avg_pool_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y) {
  const Pool pool(x);
  with_type(x.buffer.dtype, [&](auto type) {
    using T = decltype(type);
    for_blocks(stream, x, [&](int64_t n, int64_t c) {
      forward_block(x.at<T>(n) + c * x.pixels(), Coefficients(norm, c), y.at<T>(n) + c * y.pixels(), pool);
    });
  });
}

void batch_norm_relu_avg_pool_backward_sums(const Stream& stream, const Slice& x, const Slice& dpool, const BatchNorm& norm, float* sums) {
  const Pool pool(x);
  with_type(x.buffer.dtype, [&](auto type) {
    using T = decltype(type);
    for_blocks(stream, x, [&](int64_t n, int64_t c) {
      float* s0 = sums + n * 2 * x.channels + c;
      sums_block<T>(x.at<T>(n) + c * x.pixels(), dpool.at<T>(n) + c * dpool.pixels(), Coefficients(norm, c), pool, s0, s0 + x.channels);
    });
  });
}

void batch_norm_relu_avg_pool_backward_apply(const Stream& stream, const Slice& x, const Slice& dpool, const BatchNorm& norm, const float* sum_dz,
                                             const float* sum_dz_xhat, int64_t count, const Slice& dx, bool accumulate) {
  const Pool pool(x);
  with_type(x.buffer.dtype, [&](auto type) {
    using T = decltype(type);
    with_type(dx.buffer.dtype, [&](auto g_type) {
      using G = decltype(g_type);
      for_blocks(stream, x, [&](int64_t n, int64_t c) {
        const Coefficients k(norm, c);
        const auto [b, shift] = k.corrections(sum_dz, sum_dz_xhat, c, count);
        const T* px = x.at<T>(n) + c * x.pixels();
        const T* pd = dpool.at<T>(n) + c * dpool.pixels();
        G* pdx = dx.at<G>(n) + c * x.pixels();
        with_flags(accumulate, false, false, [&, b_ = b, c_ = shift](auto acc, auto, auto) {
          apply_block<decltype(acc)::value>(px, pd, k, b_, c_, pdx, x.buffer.shape[2], pool);
        });
      });
    });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
