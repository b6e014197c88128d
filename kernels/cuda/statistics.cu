#include "kernels/statistics.h"

#include "kernels/cuda/tile.cuh"
#include "kernels/statistics_math.h"

namespace thorax::cuda {

namespace {

// value(pixel, channel, sweep): what memory holds, called in both sweeps, 0 and 1. Writes mean and M2 of the block's part [part,
// 2, channels]. The first sweep finds the mean, the second the squares around it; what the mean's own rounding leaves is taken
// out again.
template <class Value>
__device__ void moments_of_part(RowSums<2>& rows, int64_t pixels, int channels, float* partial, const Value& value) {
  const Part part(pixels);
  const int c = channel_of_thread();
  const auto count = static_cast<float>(part.last - part.first);
  Vec sums[2] = {};
  for (int64_t p = part.first + threadIdx.y; p < part.last && c < channels; p += tile_rows) {
    const Vec v = value(p, c, 0);
#pragma unroll
    for (int i = 0; i < width; ++i) sums[0].v[i] += v.v[i];
  }
  rows.add_up(sums);
  Vec pivot;
#pragma unroll
  for (int i = 0; i < width; ++i) pivot.v[i] = rows.total(0, static_cast<int>(threadIdx.x) * width + i) / count;
  __syncthreads();  // everybody has read the totals: the rows may be written again
  Vec around[2] = {};
  for (int64_t p = part.first + threadIdx.y; p < part.last && c < channels; p += tile_rows) {
    const Vec v = value(p, c, 1);
#pragma unroll
    for (int i = 0; i < width; ++i) {
      const float d = v.v[i] - pivot.v[i];
      around[0].v[i] += d;
      around[1].v[i] = fmaf(d, d, around[1].v[i]);
    }
  }
  rows.add_up(around);
  if (threadIdx.y != 0 || c >= channels) return;
  float* to = partial + static_cast<int64_t>(blockIdx.x) * 2 * channels + c;
#pragma unroll
  for (int i = 0; i < width; ++i) {
    const float differences = rows.total(0, static_cast<int>(threadIdx.x) * width + i);
    const float squares = rows.total(1, static_cast<int>(threadIdx.x) * width + i);
    to[i] = pivot.v[i] + differences / count;
    to[channels + i] = squares - differences * (differences / count);
  }
}

template <class T>
__global__ void statistics_kernel(View<T> x, float* partial, int64_t pixels, int channels) {
  __shared__ RowSums<2> rows;
  moments_of_part(rows, pixels, channels, partial, [&](int64_t p, int c, int) { return load(x.at(p, c)); });
}

template <class From, class To>
__global__ void copy_statistics_kernel(View<From> from, View<To> to, float* partial, int64_t pixels, int channels) {
  __shared__ RowSums<2> rows;
  moments_of_part(rows, pixels, channels, partial, [&](int64_t p, int c, int sweep) {
    Vec v = load(from.at(p, c));
    if (sweep == 0) store(to.at(p, c), v);
#pragma unroll
    for (int i = 0; i < width; ++i) v.v[i] = rounded<To>(v.v[i]);
    return v;
  });
}

template <class From, class To>
__global__ void copy_kernel(View<From> from, View<To> to, int64_t pixels, int channels) {
  for_pixels(pixels, channels, [&](int64_t p, int c) { store(to.at(p, c), load(from.at(p, c))); });
}

constexpr int merge_channels = 32;
constexpr int merge_rows = 32;

// A block: 32 channels; row r of its threads merges the parts r, r + 32, ..., the first row what the rows have.
__global__ void merge_kernel(const float* partial, int64_t images, int channels, int64_t pixels, float* mean, float* variance) {
  __shared__ Moments rows[merge_rows][merge_channels];
  const int c = static_cast<int>(blockIdx.x) * merge_channels + static_cast<int>(threadIdx.x);
  const int64_t per_image = parts_of(pixels);
  Moments all;
  if (c < channels) {
    for (int64_t n = threadIdx.y; n < images * per_image; n += merge_rows) {
      const Range range = pixels_of_part(n % per_image, pixels);
      const Moments part{static_cast<double>(range.last - range.first), static_cast<double>(partial[n * 2 * channels + c]),
                         static_cast<double>(partial[(n * 2 + 1) * channels + c])};
      all = merged(all, part);
    }
  }
  rows[threadIdx.y][threadIdx.x] = all;
  __syncthreads();
  if (threadIdx.y != 0 || c >= channels) return;
  for (int r = 1; r < merge_rows; ++r) {
    const Moments row = rows[r][threadIdx.x];
    if (row.count > 0) all = merged(all, row);
  }
  mean[c] = static_cast<float>(all.mean);
  variance[c] = static_cast<float>(all.m2 / all.count);
}

__global__ void running_kernel(const float* mean, const float* variance, int64_t channels, int64_t count, float momentum,
                               float* running_mean, float* running_var, int64_t* num_batches_tracked) {
  const int64_t c = index_of_thread();
  if (c == 0) ++*num_batches_tracked;
  if (c >= channels) return;
  const auto m = static_cast<double>(momentum);
  running_mean[c] = moved(running_mean[c], mean[c], m, 1.0);
  running_var[c] = moved(running_var[c], variance[c], m, unbiasing(count));
}

}  // namespace

void channel_statistics(const Stream& stream, const Slice& x, float* partial) {
  with_type(x.buffer.dtype, [&]<class T>(T) {
    statistics_kernel<<<grid_of_parts(x.images, x.pixels(), x.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(x), partial, x.pixels(), static_cast<int>(x.channels));
  });
  launched("channel_statistics");
}

void copy_with_statistics(const Stream& stream, const Slice& from, const Slice& to, float* partial) {
  const auto channels = static_cast<int>(to.channels);
  with_type(from.buffer.dtype, [&]<class From>(From) {
    with_type(to.buffer.dtype, [&]<class To>(To) {
      if (partial != nullptr) {
        copy_statistics_kernel<<<grid_of_parts(to.images, to.pixels(), to.channels), block_of_tile(), 0, queue_of(stream)>>>(
            view<From>(from), view<To>(to), partial, to.pixels(), channels);
      } else {
        const int64_t pixels = to.images * to.pixels();
        copy_kernel<<<grid_for(stream, pixels, to.channels), block_of_tile(), 0, queue_of(stream)>>>(
            view<From>(from), view<To>(to), pixels, channels);
      }
    });
  });
  launched("copy_with_statistics");
}

void merge_statistics(const Stream& stream, const float* partial, int64_t images, int64_t channels, int64_t pixels, float* mean,
                      float* variance) {
  const auto blocks = static_cast<unsigned>((channels + merge_channels - 1) / merge_channels);
  merge_kernel<<<blocks, dim3(merge_channels, merge_rows), 0, queue_of(stream)>>>(partial, images, static_cast<int>(channels),
                                                                                  pixels, mean, variance);
  launched("merge_statistics");
}

void update_running(const Stream& stream, const float* mean, const float* variance, int64_t channels, int64_t count,
                    float momentum, float* running_mean, float* running_var, int64_t* num_batches_tracked) {
  const auto blocks = static_cast<unsigned>((channels + flat_threads - 1) / flat_threads);
  running_kernel<<<blocks, flat_threads, 0, queue_of(stream)>>>(mean, variance, channels, count, momentum, running_mean,
                                                                running_var, num_batches_tracked);
  launched("update_running");
}

}  // namespace thorax::cuda
