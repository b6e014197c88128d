#include "kernels/avg_pool.h"

#include "kernels/cuda/device.cuh"
#include "kernels/pixel_math.h"

namespace thorax::cuda {

namespace {

template <class T>
__global__ void avg_pool_kernel(View<T> x, Window w, View<T> y, uint32_t height, uint32_t columns, uint32_t out_height,
                                uint32_t out_columns, int64_t pooled, int channels) {
  const float share = 1.0F / static_cast<float>(w.kernel * w.kernel);
  for_pixels(pooled, channels, [&](int64_t p, int c) {
    const Pixel at = pixel_of(static_cast<uint32_t>(p), out_height, out_columns);
    const int64_t image = static_cast<int64_t>(at.image) * height * columns;
    Vec sum = {};
    for (int64_t row = at.row * w.stride; row < at.row * w.stride + w.kernel; ++row) {
      for (int64_t column = at.column * w.stride; column < at.column * w.stride + w.kernel; ++column) {
        const Vec v = load(x.at(image + row * columns + column, c));
#pragma unroll
        for (int i = 0; i < width; ++i) sum.v[i] += v.v[i];
      }
    }
#pragma unroll
    for (int i = 0; i < width; ++i) sum.v[i] *= share;
    store(y.at(p, c), sum);
  });
}

template <class T>
__global__ void avg_pool_backward_kernel(View<T> dy, Window w, View<T> dx, bool accumulate, uint32_t height, uint32_t columns,
                                         uint32_t out_height, uint32_t out_columns, int64_t pixels, int channels) {
  const float share = 1.0F / static_cast<float>(w.kernel * w.kernel);
  for_pixels(pixels, channels, [&](int64_t p, int c) {
    const Pixel at = pixel_of(static_cast<uint32_t>(p), height, columns);
    const Range oys = windows_of_pixel(at.row, out_height, w), oxs = windows_of_pixel(at.column, out_columns, w);
    const int64_t image = static_cast<int64_t>(at.image) * out_height * out_columns;
    Vec sum = {};
    for (int64_t oy = oys.first; oy < oys.last; ++oy) {
      for (int64_t ox = oxs.first; ox < oxs.last; ++ox) {
        const Vec v = load(dy.at(image + oy * out_columns + ox, c));
#pragma unroll
        for (int i = 0; i < width; ++i) sum.v[i] += v.v[i];
      }
    }
#pragma unroll
    for (int i = 0; i < width; ++i) sum.v[i] *= share;
    put(dx.at(p, c), sum, accumulate);
  });
}

// A block: one image and 32 channels; its rows of threads share the pixels, the first adds up what they have.
template <class T>
__global__ void global_kernel(View<T> x, float* y, int64_t pixels, int channels) {
  __shared__ double rows[tile_rows][tile_channels];
  const int c = channel_of_thread();
  const int64_t image = blockIdx.x;
  double sum[width] = {};
  for (int64_t p = threadIdx.y; p < pixels && c < channels; p += tile_rows) {
    const Vec v = load(x.at(image * pixels + p, c));
#pragma unroll
    for (int i = 0; i < width; ++i) sum[i] += static_cast<double>(v.v[i]);
  }
#pragma unroll
  for (int i = 0; i < width; ++i) rows[threadIdx.y][threadIdx.x * width + i] = sum[i];
  __syncthreads();
  const int t = static_cast<int>(threadIdx.y) * tile_threads + static_cast<int>(threadIdx.x);
  const int own = static_cast<int>(blockIdx.y) * tile_channels + t;
  if (t >= tile_channels || own >= channels) return;
  double total = 0;
  for (int r = 0; r < tile_rows; ++r) total += rows[r][t];
  y[image * channels + own] = static_cast<float>(total / static_cast<double>(pixels));
}

template <class T>
__global__ void global_backward_kernel(const float* dy, View<T> dx, bool accumulate, uint32_t pixels, int64_t all, int channels) {
  const auto count = static_cast<float>(pixels);
  for_pixels(all, channels, [&](int64_t p, int c) {
    Vec v = load(dy + static_cast<int64_t>(static_cast<uint32_t>(p) / pixels) * channels + c);
#pragma unroll
    for (int i = 0; i < width; ++i) v.v[i] /= count;
    put(dx.at(p, c), v, accumulate);
  });
}

uint32_t side(const Slice& s, int which) {
  return static_cast<uint32_t>(s.buffer.shape[which]);
}

}  // namespace

void avg_pool_forward(const Stream& stream, const Slice& x, const Window& window, const Slice& y) {
  const int64_t pooled = y.images * y.pixels();
  with_type(x.buffer.dtype, [&]<class T>(T) {
    avg_pool_kernel<<<grid_for(stream, pooled, y.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(x), window, view<T>(y), side(x, 2), side(x, 3), side(y, 2), side(y, 3), pooled, static_cast<int>(y.channels));
  });
  launched("avg_pool_forward");
}

void avg_pool_backward(const Stream& stream, const Slice& dy, const Window& window, const Slice& dx, bool accumulate) {
  const int64_t pixels = dx.images * dx.pixels();
  with_type(dx.buffer.dtype, [&]<class T>(T) {
    avg_pool_backward_kernel<<<grid_for(stream, pixels, dx.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(dy), window, view<T>(dx), accumulate, side(dx, 2), side(dx, 3), side(dy, 2), side(dy, 3), pixels,
        static_cast<int>(dx.channels));
  });
  launched("avg_pool_backward");
}

void global_avg_pool_forward(const Stream& stream, const Slice& x, const Tensor& y) {
  const dim3 grid(static_cast<unsigned>(x.images), static_cast<unsigned>(tiles(x.channels)));
  with_type(x.buffer.dtype, [&]<class T>(T) {
    global_kernel<<<grid, block_of_tile(), 0, queue_of(stream)>>>(view<T>(x), y.as<float>(), x.pixels(),
                                                                  static_cast<int>(x.channels));
  });
  launched("global_avg_pool_forward");
}

void global_avg_pool_backward(const Stream& stream, const Tensor& dy, const Slice& dx, bool accumulate) {
  const int64_t all = dx.images * dx.pixels();
  with_type(dx.buffer.dtype, [&]<class T>(T) {
    global_backward_kernel<<<grid_for(stream, all, dx.channels), block_of_tile(), 0, queue_of(stream)>>>(
        dy.as<float>(), view<T>(dx), accumulate, static_cast<uint32_t>(dx.pixels()), all, static_cast<int>(dx.channels));
  });
  launched("global_avg_pool_backward");
}

}  // namespace thorax::cuda
