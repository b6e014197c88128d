// A thread an element, channels neighbours, scalar accesses; a thread a channel for the statistics.
#include "bench/kernels/naive_math.h"
#include "kernels/cuda/device.cuh"

namespace thorax::bench::naive::cuda {

namespace {

using namespace thorax::cuda;

// Elements of an nhwc slice by their logical place.
template <class T>
struct Nhwc {
  T* data;
  int64_t stride, height, width, channels;
  __device__ T* at(int64_t n, int64_t c, int64_t h, int64_t w) const {
    return data + ((n * height + h) * width + w) * stride + c;
  }
  __device__ float operator()(int64_t n, int64_t c, int64_t h, int64_t w) const { return to_float_device(*at(n, c, h, w)); }
};

template <class T>
Nhwc<T> nhwc(const Slice& s) {
  const View<T> v = view<T>(s);
  return {v.data, v.stride, s.buffer.shape[2], s.buffer.shape[3], s.channels};
}

// f(n, c, h, w) for this thread's elements of y.
template <class T, class F>
__device__ void each(const Nhwc<T>& y, int64_t images, const F& f) {
  const int64_t count = images * y.height * y.width * y.channels;
  for (int64_t i = index_of_thread(); i < count; i += threads_of_grid()) {
    const int64_t pixel = i / y.channels;
    f(pixel / (y.height * y.width), i % y.channels, pixel / y.width % y.height, pixel % y.width);
  }
}

template <class T>
__global__ void batch_norm_relu_kernel(Nhwc<T> x, BatchNorm norm, Nhwc<T> y, int64_t images) {
  each(y, images,
       [&](int64_t n, int64_t c, int64_t h, int64_t w) { put_one(y.at(n, c, h, w), normalized(norm, c, x(n, c, h, w))); });
}

template <class T>
__global__ void copy_kernel(Nhwc<T> from, Nhwc<T> to, int64_t images) {
  each(to, images, [&](int64_t n, int64_t c, int64_t h, int64_t w) { *to.at(n, c, h, w) = *from.at(n, c, h, w); });
}

template <class T>
__global__ void moments_kernel(Nhwc<T> x, int64_t images, float* mean, float* variance) {
  const int64_t c = index_of_thread();
  if (c < x.channels) moments(x, images, c, x.height, x.width, mean, variance);
}

template <class T>
__global__ void pool_kernel(Nhwc<T> x, Window window, Nhwc<T> y, int64_t images, bool largest) {
  const Size in{x.height, x.width};
  each(y, images, [&](int64_t n, int64_t c, int64_t h, int64_t w) {
    put_one(y.at(n, c, h, w), pooled(x, window, in, n, c, h, w, largest));
  });
}

unsigned grid_of(const Stream& stream, const Slice& y) {
  return flat_grid(stream, y.images * y.pixels() * y.channels);
}

void pool(const Stream& stream, const Slice& x, const Window& window, const Slice& y, bool largest) {
  with_type(x.buffer.dtype, [&]<class T>(T) {
    pool_kernel<<<grid_of(stream, y), flat_threads, 0, queue_of(stream)>>>(nhwc<T>(x), window, nhwc<T>(y), y.images, largest);
  });
  launched("naive pool");
}

}  // namespace

void batch_norm_relu(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y) {
  with_type(x.buffer.dtype, [&]<class T>(T) {
    batch_norm_relu_kernel<<<grid_of(stream, y), flat_threads, 0, queue_of(stream)>>>(nhwc<T>(x), norm, nhwc<T>(y), y.images);
  });
  launched("naive batch_norm_relu");
}

void append(const Stream& stream, const Slice& from, const Slice& to, float* mean, float* variance) {
  with_type(from.buffer.dtype, [&]<class T>(T) {
    copy_kernel<<<grid_of(stream, to), flat_threads, 0, queue_of(stream)>>>(nhwc<T>(from), nhwc<T>(to), to.images);
    moments_kernel<<<flat_grid(stream, to.channels), flat_threads, 0, queue_of(stream)>>>(nhwc<T>(to), to.images, mean, variance);
  });
  launched("naive append");
}

void avg_pool(const Stream& stream, const Slice& x, const Window& window, const Slice& y) {
  pool(stream, x, window, y, false);
}

void max_pool(const Stream& stream, const Slice& x, const Window& window, const Slice& y) {
  pool(stream, x, window, y, true);
}

}  // namespace thorax::bench::naive::cuda
