#include "kernels/batch_norm.h"

#include <algorithm>

#include "kernels/cpu/batch_norm_math.h"
#include "kernels/cpu/lanes.h"
#include "kernels/cpu/plane.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

constexpr int64_t run_pixels = 256;

template <bool relu, class T>
void forward_block(const T* x, const Coefficients& k, T* y, int64_t pixels) {
  for (int64_t i = 0; i < pixels * block; i += block) {
    const Vec z = k.z(load(x + i));
    store(y + i, relu ? max(Vec{}, z) : z);
  }
}

// The sums; and write(i, dz) at every pixel.
template <bool relu, class T, class Write>
GradientSums sums_block(const T* x, const T* dy, const Coefficients& k, int64_t pixels, const Write& write) {
  GradientSums sums;
  for (int64_t begin = 0; begin < pixels; begin += run_pixels) {
    Lanes run_dz;
    Lanes run_dz_centred;
    for_lanes(begin, std::min(pixels, begin + run_pixels), [&](int64_t i, int lane) {
      const Vec value = load(x + i * block);
      const Vec dz = k.dz<relu>(value, load(dy + i * block));
      run_dz.part[lane] += dz;
      run_dz_centred.part[lane] = fma(dz, value - k.mean, run_dz_centred.part[lane]);
      write(i * block, dz);
    });
    sums.add(run_dz.total(), run_dz_centred.total());
  }
  return sums;
}

template <bool relu, bool accumulate, class T, class G>
void apply_block(const T* x, const T* dy, const Coefficients& k, const Corrections& corrections, G* dx, int64_t pixels) {
  for (int64_t i = 0; i < pixels * block; i += block) {
    put(dx + i, k.dx<relu>(corrections, load(x + i), load(dy + i)), accumulate);
  }
}

}  // namespace

void batch_norm_relu_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y, bool relu) {
  const int64_t pixels = x.pixels();
  with_type(x.buffer.dtype, [&]<class T>(T) {
    with_flag(relu, [&](auto rectify) {
      for_blocks(stream, x, [&](int64_t n, int64_t c) {
        forward_block<rectify()>(x.at<T>(n) + c * pixels, Coefficients(norm, c), y.at<T>(n) + c * pixels, pixels);
      });
    });
  });
}

void batch_norm_relu_backward_sums(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu,
                                   float* sums) {
  const int64_t pixels = x.pixels();
  with_type(x.buffer.dtype, [&]<class T>(T) {
    with_flag(relu, [&](auto rectify) {
      for_blocks(stream, x, [&](int64_t n, int64_t c) {
        const Coefficients k(norm, c);
        sums_block<rectify()>(x.at<T>(n) + c * pixels, dy.at<T>(n) + c * pixels, k, pixels, [](int64_t, Vec) {
        }).store_to(sums + n * 2 * x.channels + c, x.channels, k);
      });
    });
  });
}

void batch_norm_relu_backward_linear(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu,
                                     const Slice& g, bool accumulate, float* sums) {
  const int64_t pixels = x.pixels();
  const auto run = [&]<class T, class G>(T, G, auto rectify, auto add) {
    for_blocks(stream, x, [&](int64_t n, int64_t c) {
      const Coefficients k(norm, c);
      G* to = g.at<G>(n) + c * pixels;
      sums_block<rectify()>(x.at<T>(n) + c * pixels, dy.at<T>(n) + c * pixels, k, pixels, [&](int64_t i, Vec dz) {
        store(to + i, add() ? fma(k.a, dz, load(to + i)) : k.a * dz);
      }).store_to(sums + n * 2 * x.channels + c, x.channels, k);
    });
  };
  with_type(x.buffer.dtype, [&](auto t) {
    with_type(g.buffer.dtype, [&](auto g_type) {
      with_flag(relu, [&](auto rectify) { with_flag(accumulate, [&](auto add) { run(t, g_type, rectify, add); }); });
    });
  });
}

void batch_norm_relu_backward_apply(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu,
                                    const float* sum_dz, const float* sum_dz_xhat, int64_t count, const Slice& dx,
                                    bool accumulate) {
  const int64_t pixels = x.pixels();
  const auto run = [&]<class T, class G>(T, G, auto rectify, auto add) {
    for_blocks(stream, x, [&](int64_t n, int64_t c) {
      const Coefficients k(norm, c);
      apply_block<rectify(), add()>(x.at<T>(n) + c * pixels, dy.at<T>(n) + c * pixels, k,
                                    k.corrections(sum_dz, sum_dz_xhat, c, count), dx.at<G>(n) + c * pixels, pixels);
    });
  };
  with_type(x.buffer.dtype, [&](auto t) {
    with_type(dx.buffer.dtype, [&](auto g_type) {
      with_flag(relu, [&](auto rectify) { with_flag(accumulate, [&](auto add) { run(t, g_type, rectify, add); }); });
    });
  });
}

void apply_corrections(const Stream& stream, const Slice& g, const Slice& x, const float* mean, const float* variance, float eps,
                       const float* b, const float* c, const Slice& out) {
  const int64_t pixels = x.pixels();
  const auto run = [&]<class T, class G, class Out>(T, G, Out) {
    for_blocks(stream, x, [&](int64_t n, int64_t channel) {
      const Vec m = load(mean + channel);
      const Vec slope = load(b + channel) * reciprocal_root(variance + channel, eps);
      const Vec shift = load(c + channel);
      const T* px = x.at<T>(n) + channel * pixels;
      const G* pg = g.at<G>(n) + channel * pixels;
      Out* to = out.at<Out>(n) + channel * pixels;
      for (int64_t i = 0; i < pixels * block; i += block) store(to + i, fma(slope, load(px + i) - m, load(pg + i) + shift));
    });
  };
  with_type(x.buffer.dtype, [&](auto t) {
    with_type(g.buffer.dtype,
              [&](auto g_type) { with_type(out.buffer.dtype, [&](auto out_type) { run(t, g_type, out_type); }); });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
