#include "kernels/batch_norm.h"
#include "kernels/cpu/batch_norm_math.h"
#include "kernels/cpu/plane.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

// The geometry of a 2x2 pooling with stride 2; an odd last row or column belongs to no window.
struct Pool {
  int64_t height, width, out_height, out_width;
  explicit Pool(const Slice& x)
      : height(x.buffer.shape[2]), width(x.buffer.shape[3]), out_height(height / 2), out_width(width / 2) {}
};

// The two rows of a window are read side by side, which hardware prefetchers follow badly: ask for the next pair of rows. What
// lies behind the last pair is asked for in vain, never read.
template <class T>
void prefetch_next_rows(const T* upper, const T* lower, const Pool& p) {
  const auto ahead = static_cast<uintptr_t>(2 * p.width * block) * sizeof(T);
  for (const T* row : {upper, lower}) {
    for (uintptr_t line = 0; line < 2 * block * sizeof(T); line += 64) {
      __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(row) + ahead + line));
    }
  }
}

template <class T>
void forward_block(const T* x, const Coefficients& k, T* y, const Pool& p) {
  for (int64_t oh = 0; oh < p.out_height; ++oh) {
    const T* upper = x + 2 * oh * p.width * block;
    const T* lower = upper + p.width * block;
    const auto at = [&](const T* pixel) { return max(Vec{}, k.z(load(pixel))); };
    for (int64_t ow = 0; ow < p.out_width; ++ow, upper += 2 * block, lower += 2 * block, y += block) {
      prefetch_next_rows(upper, lower, p);
      store(y, ((at(upper) + at(upper + block)) + (at(lower) + at(lower + block))) * 0.25F);
    }
  }
}

template <class T>
GradientSums sums_block(const T* x, const T* dpool, const Coefficients& k, const Pool& p) {
  GradientSums sums;
  for (int64_t oh = 0; oh < p.out_height; ++oh) {
    const T* upper = x + 2 * oh * p.width * block;
    const T* lower = upper + p.width * block;
    Vec run_dz{};
    Vec run_dz_centred{};
    for (int64_t ow = 0; ow < p.out_width; ++ow, upper += 2 * block, lower += 2 * block, dpool += block) {
      prefetch_next_rows(upper, lower, p);
      const Vec dy = load(dpool) * 0.25F;
      const Vec x0 = load(upper), x1 = load(upper + block), x2 = load(lower), x3 = load(lower + block);
      const Vec dz0 = k.dz<true>(x0, dy), dz1 = k.dz<true>(x1, dy), dz2 = k.dz<true>(x2, dy), dz3 = k.dz<true>(x3, dy);
      run_dz += (dz0 + dz1) + (dz2 + dz3);
      run_dz_centred += fma(dz1, x1 - k.mean, dz0 * (x0 - k.mean)) + fma(dz3, x3 - k.mean, dz2 * (x2 - k.mean));
    }
    sums.add(run_dz, run_dz_centred);
  }
  return sums;
}

template <bool accumulate, class T, class G>
void apply_block(const T* x, const T* dpool, const Coefficients& k, const Corrections& corrections, G* dx, const Pool& p) {
  const auto apply = [&](int64_t i, Vec dy) { put(dx + i, k.dx<true>(corrections, load(x + i), dy), accumulate); };
  for (int64_t h = 0; h < p.height; ++h) {
    const bool pooled = h / 2 < p.out_height;
    const T* row = dpool + h / 2 * p.out_width * block;
    int64_t i = h * p.width * block;
    const int64_t end = i + p.width * block;
    if (pooled) {
      for (int64_t ow = 0; ow < p.out_width; ++ow, row += block, i += 2 * block) {
        const Vec dy = load(row) * 0.25F;
        apply(i, dy);
        apply(i + block, dy);
      }
    }
    for (; i < end; i += block) apply(i, Vec{});
  }
}

}  // namespace

void batch_norm_relu_avg_pool_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y) {
  const Pool pool(x);
  with_type(x.buffer.dtype, [&]<class T>(T) {
    for_blocks(stream, x, [&](int64_t n, int64_t c) {
      forward_block(x.at<T>(n) + c * x.pixels(), Coefficients(norm, c), y.at<T>(n) + c * y.pixels(), pool);
    });
  });
}

void batch_norm_relu_avg_pool_backward_sums(const Stream& stream, const Slice& x, const Slice& dpool, const BatchNorm& norm,
                                            float* sums) {
  const Pool pool(x);
  with_type(x.buffer.dtype, [&]<class T>(T) {
    for_blocks(stream, x, [&](int64_t n, int64_t c) {
      const Coefficients k(norm, c);
      sums_block<T>(x.at<T>(n) + c * x.pixels(), dpool.at<T>(n) + c * dpool.pixels(), k, pool)
          .store_to(sums + n * 2 * x.channels + c, x.channels, k);
    });
  });
}

void batch_norm_relu_avg_pool_backward_apply(const Stream& stream, const Slice& x, const Slice& dpool, const BatchNorm& norm,
                                             const float* sum_dz, const float* sum_dz_xhat, int64_t count, const Slice& dx,
                                             bool accumulate) {
  const Pool pool(x);
  const auto run = [&]<class T, class G>(T, G, auto add) {
    for_blocks(stream, x, [&](int64_t n, int64_t c) {
      const Coefficients k(norm, c);
      apply_block<add()>(x.at<T>(n) + c * x.pixels(), dpool.at<T>(n) + c * dpool.pixels(), k,
                         k.corrections(sum_dz, sum_dz_xhat, c, count), dx.at<G>(n) + c * x.pixels(), pool);
    });
  };
  with_type(x.buffer.dtype, [&](auto t) {
    with_type(dx.buffer.dtype, [&](auto g_type) { with_flag(accumulate, [&](auto add) { run(t, g_type, add); }); });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
