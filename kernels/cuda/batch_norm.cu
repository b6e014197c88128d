// The passes of batch norm without sums: forward, apply, and the late corrections.
#include "kernels/batch_norm.h"

#include "kernels/cuda/tile.cuh"

namespace thorax::cuda {

namespace {

template <class T>
__global__ void forward_kernel(View<T> x, BatchNorm norm, View<T> y, bool relu, int64_t pixels, int channels) {
  __shared__ TileNorm tile;
  tile.make(norm, channels);
  const ThreadNorm mine(tile);
  for_pixels(pixels, channels, [&](int64_t p, int c) {
    Vec v = load(x.at(p, c));
#pragma unroll
    for (int i = 0; i < width; ++i) v.v[i] = mine.line[i].y(v.v[i], relu);
    store(y.at(p, c), v);
  });
}

template <class T, class G>
__global__ void apply_kernel(View<T> x, View<T> dy, BatchNorm norm, bool relu, const float* sum_dz, const float* sum_dz_xhat,
                             int64_t count, View<G> dx, bool accumulate, int64_t pixels, int channels) {
  __shared__ TileNorm tile;
  __shared__ TileCorrection corrections;
  tile.make(norm, channels);
  corrections.make(tile, sum_dz, sum_dz_xhat, count, channels);
  const ThreadNorm mine(tile);
  for_pixels(pixels, channels, [&](int64_t p, int c) {
    const Vec in = load(x.at(p, c));
    Vec v = load(dy.at(p, c));
#pragma unroll
    for (int i = 0; i < width; ++i) {
      const float dz = mine.line[i].dz(in.v[i], v.v[i], relu);
      v.v[i] = norm_dx(mine.line[i].a, dz, corrections.of(i), in.v[i], mine.mean[i]);
    }
    put(dx.at(p, c), v, accumulate);
  });
}

template <class T, class G, class Out>
__global__ void corrections_kernel(View<G> g, View<T> x, const float* mean, const float* variance, float eps, const float* b,
                                   const float* c, View<Out> out, int64_t pixels, int channels) {
  __shared__ float tile_mean[tile_channels], slope[tile_channels], shift[tile_channels];
  const int t = thread_of_tile();
  const int own = static_cast<int>(blockIdx.y) * tile_channels + t;
  if (t < tile_channels && own < channels) {
    tile_mean[t] = mean[own];
    slope[t] = b[own] * reciprocal_root(variance[own], eps);
    shift[t] = c[own];
  }
  __syncthreads();
  const int first = static_cast<int>(threadIdx.x) * width;
  for_pixels(pixels, channels, [&](int64_t p, int channel) {
    const Vec in = load(x.at(p, channel));
    Vec v = load(g.at(p, channel));
#pragma unroll
    for (int i = 0; i < width; ++i) v.v[i] = fmaf(slope[first + i], in.v[i] - tile_mean[first + i], v.v[i] + shift[first + i]);
    store(out.at(p, channel), v);
  });
}

}  // namespace

void batch_norm_relu_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y, bool relu) {
  const int64_t pixels = x.images * x.pixels();
  with_type(x.buffer.dtype, [&]<class T>(T) {
    forward_kernel<<<grid_for(stream, pixels, x.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(x), norm, view<T>(y), relu, pixels, static_cast<int>(x.channels));
  });
  launched("batch_norm_relu_forward");
}

void batch_norm_relu_backward_apply(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu,
                                    const float* sum_dz, const float* sum_dz_xhat, int64_t count, const Slice& dx,
                                    bool accumulate) {
  const int64_t pixels = x.images * x.pixels();
  with_type(x.buffer.dtype, [&]<class T>(T) {
    with_type(dx.buffer.dtype, [&]<class G>(G) {
      apply_kernel<<<grid_for(stream, pixels, x.channels), block_of_tile(), 0, queue_of(stream)>>>(
          view<T>(x), view<T>(dy), norm, relu, sum_dz, sum_dz_xhat, count, view<G>(dx), accumulate, pixels,
          static_cast<int>(x.channels));
    });
  });
  launched("batch_norm_relu_backward_apply");
}

void apply_corrections(const Stream& stream, const Slice& g, const Slice& x, const float* mean, const float* variance, float eps,
                       const float* b, const float* c, const Slice& out) {
  const int64_t pixels = x.images * x.pixels();
  with_type(x.buffer.dtype, [&]<class T>(T) {
    with_type(g.buffer.dtype, [&]<class G>(G) {
      with_type(out.buffer.dtype, [&]<class Out>(Out) {
        corrections_kernel<<<grid_for(stream, pixels, x.channels), block_of_tile(), 0, queue_of(stream)>>>(
            view<G>(g), view<T>(x), mean, variance, eps, b, c, view<Out>(out), pixels, static_cast<int>(x.channels));
      });
    });
  });
  launched("apply_corrections");
}

}  // namespace thorax::cuda
