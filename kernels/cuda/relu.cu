#include "kernels/relu.h"

#include "kernels/cuda/device.cuh"

namespace thorax::cuda {

namespace {

template <class T>
__global__ void relu_kernel(View<T> x, View<T> y, int64_t pixels, int channels) {
  for_pixels(pixels, channels, [&](int64_t p, int c) {
    Vec v = load(x.at(p, c));
#pragma unroll
    for (int i = 0; i < width; ++i) v.v[i] = v.v[i] <= 0.0F ? 0.0F : v.v[i];
    store(y.at(p, c), v);
  });
}

template <class T>
__global__ void relu_backward_kernel(View<T> dy, View<T> y, View<T> dx, bool accumulate, int64_t pixels, int channels) {
  for_pixels(pixels, channels, [&](int64_t p, int c) {
    Vec v = load(dy.at(p, c));
    const Vec out = load(y.at(p, c));
#pragma unroll
    for (int i = 0; i < width; ++i) v.v[i] = out.v[i] > 0.0F ? v.v[i] : 0.0F;
    put(dx.at(p, c), v, accumulate);
  });
}

}  // namespace

void relu_forward(const Stream& stream, const Slice& x, const Slice& y) {
  const int64_t pixels = x.images * x.pixels();
  with_type(x.buffer.dtype, [&]<class T>(T) {
    relu_kernel<<<grid_for(stream, pixels, x.channels), block_of_tile(), 0, queue_of(stream)>>>(view<T>(x), view<T>(y), pixels,
                                                                                                static_cast<int>(x.channels));
  });
  launched("relu_forward");
}

void relu_backward(const Stream& stream, const Slice& dy, const Slice& y, const Slice& dx, bool accumulate) {
  const int64_t pixels = dy.images * dy.pixels();
  with_type(dy.buffer.dtype, [&]<class T>(T) {
    relu_backward_kernel<<<grid_for(stream, pixels, dy.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(dy), view<T>(y), view<T>(dx), accumulate, pixels, static_cast<int>(dy.channels));
  });
  launched("relu_backward");
}

}  // namespace thorax::cuda
