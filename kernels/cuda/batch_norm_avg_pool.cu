#include "kernels/batch_norm.h"
#include "kernels/cuda/tile.cuh"
#include "kernels/pixel_math.h"

namespace thorax::cuda {

namespace {

struct Map {
  uint32_t height, width;
  explicit Map(const Slice& x)
      : height(static_cast<uint32_t>(x.buffer.shape[2])), width(static_cast<uint32_t>(x.buffer.shape[3])) {}
  int64_t pooled() const { return static_cast<int64_t>(height / 2) * (width / 2); }
};

template <class T>
__global__ void forward_kernel(View<T> x, BatchNorm norm, View<T> y, Map map, int64_t pooled, int channels) {
  __shared__ TileNorm tile;
  tile.make(norm, channels);
  const ThreadNorm mine(tile);
  for_pixels(pooled, channels, [&](int64_t p, int c) {
    const int64_t at = upper_left(static_cast<uint32_t>(p), map.height, map.width);
    const Vec x0 = load(x.at(at, c)), x1 = load(x.at(at + 1, c));
    const Vec x2 = load(x.at(at + map.width, c)), x3 = load(x.at(at + map.width + 1, c));
    Vec mean;
#pragma unroll
    for (int i = 0; i < width; ++i) {
      const NormLine& k = mine.line[i];
      mean.v[i] = ((k.y(x0.v[i], true) + k.y(x1.v[i], true)) + (k.y(x2.v[i], true) + k.y(x3.v[i], true))) * 0.25F;
    }
    store(y.at(p, c), mean);
  });
}

// pooled: pixels of one pooled map, which the parts are counted in.
template <class T>
__global__ void sums_kernel(View<T> x, View<T> dpool, BatchNorm norm, float* sums, Map map, int64_t pooled, int channels) {
  __shared__ TileNorm tile;
  __shared__ RowSums<2> rows;
  tile.make(norm, channels);
  const ThreadNorm mine(tile);
  const Part part(pooled);
  const int c = channel_of_thread();
  GradientSums own;
  for (int64_t p = part.first + threadIdx.y; p < part.last && c < channels; p += tile_rows) {
    const int64_t at = upper_left(static_cast<uint32_t>(p), map.height, map.width);
    const Vec gradient = load(dpool.at(p, c));
#pragma unroll
    for (int corner = 0; corner < 4; ++corner) {
      const Vec in = load(x.at(at + (corner / 2) * static_cast<int64_t>(map.width) + corner % 2, c));
#pragma unroll
      for (int i = 0; i < width; ++i) own.add(i, mine.line[i].dz(in.v[i], gradient.v[i] * 0.25F, true), in.v[i] - mine.mean[i]);
    }
  }
  finish_part(rows, own, tile, channels, sums);
}

template <class T, class G>
__global__ void apply_kernel(View<T> x, View<T> dpool, BatchNorm norm, const float* sum_dz, const float* sum_dz_xhat,
                             int64_t count, View<G> dx, bool accumulate, Map map, int64_t pixels, int channels) {
  __shared__ TileNorm tile;
  __shared__ TileCorrection corrections;
  tile.make(norm, channels);
  corrections.make(tile, sum_dz, sum_dz_xhat, count, channels);
  const ThreadNorm mine(tile);
  for_pixels(pixels, channels, [&](int64_t p, int c) {
    const int64_t from = pooled_from(static_cast<uint32_t>(p), map.height, map.width);
    const Vec in = load(x.at(p, c));
    Vec v = {};
    if (from >= 0) v = load(dpool.at(from, c));
#pragma unroll
    for (int i = 0; i < width; ++i) {
      const float dz = mine.line[i].dz(in.v[i], v.v[i] * 0.25F, true);
      v.v[i] = norm_dx(mine.line[i].a, dz, corrections.of(i), in.v[i], mine.mean[i]);
    }
    put(dx.at(p, c), v, accumulate);
  });
}

}  // namespace

void batch_norm_relu_avg_pool_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y) {
  const Map map(x);
  const int64_t pooled = x.images * map.pooled();
  with_type(x.buffer.dtype, [&]<class T>(T) {
    forward_kernel<<<grid_for(stream, pooled, x.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(x), norm, view<T>(y), map, pooled, static_cast<int>(x.channels));
  });
  launched("batch_norm_relu_avg_pool_forward");
}

void batch_norm_relu_avg_pool_backward_sums(const Stream& stream, const Slice& x, const Slice& dpool, const BatchNorm& norm,
                                            float* sums) {
  const Map map(x);
  with_type(x.buffer.dtype, [&]<class T>(T) {
    sums_kernel<<<grid_of_parts(x.images, map.pooled(), x.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(x), view<T>(dpool), norm, sums, map, map.pooled(), static_cast<int>(x.channels));
  });
  launched("batch_norm_relu_avg_pool_backward_sums");
}

void batch_norm_relu_avg_pool_backward_apply(const Stream& stream, const Slice& x, const Slice& dpool, const BatchNorm& norm,
                                             const float* sum_dz, const float* sum_dz_xhat, int64_t count, const Slice& dx,
                                             bool accumulate) {
  const Map map(x);
  const int64_t pixels = x.images * x.pixels();
  with_type(x.buffer.dtype, [&]<class T>(T) {
    with_type(dx.buffer.dtype, [&]<class G>(G) {
      apply_kernel<<<grid_for(stream, pixels, x.channels), block_of_tile(), 0, queue_of(stream)>>>(
          view<T>(x), view<T>(dpool), norm, sum_dz, sum_dz_xhat, count, view<G>(dx), accumulate, map, pixels,
          static_cast<int>(x.channels));
    });
  });
  launched("batch_norm_relu_avg_pool_backward_apply");
}

}  // namespace thorax::cuda
