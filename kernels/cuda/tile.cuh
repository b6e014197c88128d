// What the kernels with sums over pixels share: the constants of a tile's channels, and the sum over a block's rows.
#pragma once

#include "kernels/batch_norm.h"
#include "kernels/batch_norm_math.h"
#include "kernels/cuda/device.cuh"
#include "kernels/parts_math.h"

namespace thorax::cuda {

__device__ inline int thread_of_tile() {
  return static_cast<int>(threadIdx.y) * tile_threads + static_cast<int>(threadIdx.x);
}

// The batch norm of the tile's 32 channels, made by the first 32 threads (the root is in double, which some GPUs do slowly).
struct TileNorm {
  float a[tile_channels], s[tile_channels], mean[tile_channels], rstd[tile_channels];

  // Ends with a barrier: all threads of the block.
  __device__ void make(const BatchNorm& norm, int channels) {
    const int t = thread_of_tile();
    const int c = static_cast<int>(blockIdx.y) * tile_channels + t;
    if (t < tile_channels && c < channels) {
      const float root = reciprocal_root(norm.variance[c], norm.eps);
      const NormLine line(norm.mean[c], root, norm.gamma[c], norm.beta[c]);
      a[t] = line.a, s[t] = line.s, mean[t] = norm.mean[c], rstd[t] = root;
    }
    __syncthreads();
  }
  // Of this thread's channel i.
  __device__ NormLine line(int i) const {
    NormLine l;
    l.a = a[threadIdx.x * width + i];
    l.s = s[threadIdx.x * width + i];
    return l;
  }
};

// This thread's eight channels, in registers.
struct ThreadNorm {
  NormLine line[width];
  float mean[width];
  __device__ explicit ThreadNorm(const TileNorm& tile) {
#pragma unroll
    for (int i = 0; i < width; ++i) {
      line[i] = tile.line(i);
      mean[i] = tile.mean[threadIdx.x * width + i];
    }
  }
};

// K sums over the rows of a block, in a fixed order.
template <int K>
struct RowSums {
  alignas(16) float part[K][tile_rows][tile_channels];  // read and written 16 bytes at a time

  // All threads of the block; afterwards total(k, channel of the tile) is there for all.
  __device__ void add_up(const Vec (&mine)[K]) {
#pragma unroll
    for (int k = 0; k < K; ++k) store(&part[k][threadIdx.y][threadIdx.x * width], mine[k]);
    __syncthreads();
    for (int half = tile_rows / 2; half > 0; half /= 2) {
      if (threadIdx.y < static_cast<unsigned>(half)) {
#pragma unroll
        for (int k = 0; k < K; ++k)
          put(&part[k][threadIdx.y][threadIdx.x * width], load(&part[k][threadIdx.y + half][threadIdx.x * width]), true);
      }
      __syncthreads();
    }
  }
  __device__ float total(int k, int channel) const {
    return part[k][0][channel];
  }
};

// The block's part: blockIdx.x counts the parts of all images. first, last: pixels counted over the batch.
struct Part {
  int64_t first, last;
  __device__ explicit Part(int64_t pixels) {
    const int64_t per_image = parts_of(pixels);
    const int64_t image = blockIdx.x / per_image;
    const Range range = pixels_of_part(blockIdx.x % per_image, pixels);
    first = image * pixels + range.first;
    last = image * pixels + range.last;
  }
};

inline dim3 grid_of_parts(int64_t images, int64_t pixels, int64_t channels) {
  return {static_cast<unsigned>(images * parts_of(pixels)), static_cast<unsigned>(tiles(channels))};
}

// sum dz and sum dz*(x - mean) of this thread.
struct GradientSums {
  Vec sum[2] = {};
  __device__ void add(int i, float dz, float centred) {
    sum[0].v[i] += dz;
    sum[1].v[i] = fmaf(dz, centred, sum[1].v[i]);
  }
};

// Writes the block's sums [part, 2, channels]: sum dz and sum dz*xhat. All threads of the block.
__device__ inline void finish_part(RowSums<2>& rows, const GradientSums& mine, const TileNorm& norm, int channels, float* sums) {
  rows.add_up(mine.sum);
  const int t = thread_of_tile();
  const int c = static_cast<int>(blockIdx.y) * tile_channels + t;
  if (t >= tile_channels || c >= channels) return;
  float* to = sums + static_cast<int64_t>(blockIdx.x) * 2 * channels + c;
  to[0] = rows.total(0, t);
  to[channels] = rows.total(1, t) * norm.rstd[t];
}

// dx = a*dz + slope*(x - mean) + shift of the tile's channels.
struct TileCorrection {
  float slope[tile_channels], shift[tile_channels];
  // Null sums: none. Ends with a barrier.
  __device__ void make(const TileNorm& norm, const float* sum_dz, const float* sum_dz_xhat, int64_t count, int channels) {
    const int t = thread_of_tile();
    const int c = static_cast<int>(blockIdx.y) * tile_channels + t;
    if (t < tile_channels && c < channels) {
      NormCorrection k;
      if (sum_dz != nullptr) k = NormCorrection(norm.a[t], norm.rstd[t], sum_dz[c], sum_dz_xhat[c], count);
      slope[t] = k.slope, shift[t] = k.shift;
    }
    __syncthreads();
  }
  __device__ NormCorrection of(int i) const {
    NormCorrection k;
    k.slope = slope[threadIdx.x * width + i];
    k.shift = shift[threadIdx.x * width + i];
    return k;
  }
};

}  // namespace thorax::cuda
