// The passes of batch norm with sums over the batch: per run of pixels (kernels/parts_math.h), then over the runs.
#include "kernels/batch_norm.h"
#include "kernels/cuda/tile.cuh"

namespace thorax::cuda {

namespace {

template <class T>
__global__ void sums_kernel(View<T> x, View<T> dy, BatchNorm norm, bool relu, float* sums, int64_t pixels, int channels) {
  __shared__ TileNorm tile;
  __shared__ RowSums<2> rows;
  tile.make(norm, channels);
  const ThreadNorm mine(tile);
  const Part part(pixels);
  const int c = channel_of_thread();
  GradientSums own;
  for (int64_t p = part.first + threadIdx.y; p < part.last && c < channels; p += tile_rows) {
    const Vec in = load(x.at(p, c)), gradient = load(dy.at(p, c));
#pragma unroll
    for (int i = 0; i < width; ++i) own.add(i, mine.line[i].dz(in.v[i], gradient.v[i], relu), in.v[i] - mine.mean[i]);
  }
  finish_part(rows, own, tile, channels, sums);
}

// And g = a*dz, or g += a*dz.
template <class T, class G>
__global__ void linear_kernel(View<T> x, View<T> dy, BatchNorm norm, bool relu, View<G> g, bool accumulate, float* sums,
                              int64_t pixels, int channels) {
  __shared__ TileNorm tile;
  __shared__ RowSums<2> rows;
  tile.make(norm, channels);
  const ThreadNorm mine(tile);
  const Part part(pixels);
  const int c = channel_of_thread();
  GradientSums own;
  for (int64_t p = part.first + threadIdx.y; p < part.last && c < channels; p += tile_rows) {
    const Vec in = load(x.at(p, c)), gradient = load(dy.at(p, c));
    Vec to = {};
    if (accumulate) to = load(g.at(p, c));
#pragma unroll
    for (int i = 0; i < width; ++i) {
      const float dz = mine.line[i].dz(in.v[i], gradient.v[i], relu);
      own.add(i, dz, in.v[i] - mine.mean[i]);
      to.v[i] = fmaf(mine.line[i].a, dz, to.v[i]);
    }
    store(g.at(p, c), to);
  }
  finish_part(rows, own, tile, channels, sums);
}

constexpr int finish_channels = 32;
constexpr int finish_rows = 32;

// A block: 32 channels; row r of its threads adds up the parts r, r + 32, ..., the first row what the rows have.
__global__ void finish_kernel(const float* sums, int64_t parts, int channels, float* dgamma, float* dbeta, bool accumulate,
                              float* sum_dz, float* sum_dz_xhat) {
  __shared__ double rows[2][finish_rows][finish_channels];
  const int c = static_cast<int>(blockIdx.x) * finish_channels + static_cast<int>(threadIdx.x);
  double dz = 0, dz_xhat = 0;
  if (c < channels) {
    for (int64_t n = threadIdx.y; n < parts; n += finish_rows) {
      dz += static_cast<double>(sums[n * 2 * channels + c]);
      dz_xhat += static_cast<double>(sums[(n * 2 + 1) * channels + c]);
    }
  }
  rows[0][threadIdx.y][threadIdx.x] = dz;
  rows[1][threadIdx.y][threadIdx.x] = dz_xhat;
  __syncthreads();
  if (threadIdx.y != 0 || c >= channels) return;
  for (int r = 1; r < finish_rows; ++r) {
    dz += rows[0][r][threadIdx.x];
    dz_xhat += rows[1][r][threadIdx.x];
  }
  if (dgamma != nullptr) dgamma[c] = (accumulate ? dgamma[c] : 0.0F) + static_cast<float>(dz_xhat);
  if (dbeta != nullptr) dbeta[c] = (accumulate ? dbeta[c] : 0.0F) + static_cast<float>(dz);
  sum_dz[c] = static_cast<float>(dz);
  sum_dz_xhat[c] = static_cast<float>(dz_xhat);
}

__global__ void corrections_kernel(const float* gamma, const float* variance, float eps, const float* sum_dz,
                                   const float* sum_dz_xhat, int64_t count, int64_t channels, float* b, float* c,
                                   bool accumulate) {
  const int64_t i = index_of_thread();
  if (i >= channels) return;
  const float scale = correction_scale(gamma[i], variance[i], eps, count);
  b[i] = (accumulate ? b[i] : 0.0F) - scale * sum_dz_xhat[i];
  c[i] = (accumulate ? c[i] : 0.0F) - scale * sum_dz[i];
}

}  // namespace

void batch_norm_relu_backward_sums(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu,
                                   float* sums) {
  with_type(x.buffer.dtype, [&]<class T>(T) {
    sums_kernel<<<grid_of_parts(x.images, x.pixels(), x.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(x), view<T>(dy), norm, relu, sums, x.pixels(), static_cast<int>(x.channels));
  });
  launched("batch_norm_relu_backward_sums");
}

void batch_norm_relu_backward_linear(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu,
                                     const Slice& g, bool accumulate, float* sums) {
  with_type(x.buffer.dtype, [&]<class T>(T) {
    with_type(g.buffer.dtype, [&]<class G>(G) {
      linear_kernel<<<grid_of_parts(x.images, x.pixels(), x.channels), block_of_tile(), 0, queue_of(stream)>>>(
          view<T>(x), view<T>(dy), norm, relu, view<G>(g), accumulate, sums, x.pixels(), static_cast<int>(x.channels));
    });
  });
  launched("batch_norm_relu_backward_linear");
}

void finish_sums(const Stream& stream, const float* sums, int64_t parts, int64_t channels, float* dgamma, float* dbeta,
                 bool accumulate, float* sum_dz, float* sum_dz_xhat) {
  const auto blocks = static_cast<unsigned>((channels + finish_channels - 1) / finish_channels);
  finish_kernel<<<blocks, dim3(finish_channels, finish_rows), 0, queue_of(stream)>>>(
      sums, parts, static_cast<int>(channels), dgamma, dbeta, accumulate, sum_dz, sum_dz_xhat);
  launched("finish_sums");
}

void accumulate_corrections(const Stream& stream, const float* gamma, const float* variance, float eps, const float* sum_dz,
                            const float* sum_dz_xhat, int64_t count, int64_t channels, float* b, float* c, bool accumulate) {
  corrections_kernel<<<flat_grid(stream, channels), flat_threads, 0, queue_of(stream)>>>(
      gamma, variance, eps, sum_dz, sum_dz_xhat, count, channels, b, c, accumulate);
  launched("accumulate_corrections");
}

}  // namespace thorax::cuda
