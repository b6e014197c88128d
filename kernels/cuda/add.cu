#include "kernels/add.h"

#include "kernels/cuda/device.cuh"

namespace thorax::cuda {

namespace {

template <bool relu, class T>
__global__ void add_kernel(View<T> a, View<T> b, View<T> y, int64_t pixels, int channels) {
  for_pixels(pixels, channels, [&](int64_t p, int c) {
    const Vec left = load(a.at(p, c)), right = load(b.at(p, c));
    Vec sum;
#pragma unroll
    for (int i = 0; i < width; ++i) {
      const float v = left.v[i] + right.v[i];
      sum.v[i] = relu && v <= 0.0F ? 0.0F : v;
    }
    store(y.at(p, c), sum);
  });
}

// y, da, db: left out where their data is null.
template <class T>
__global__ void add_backward_kernel(View<T> dy, View<T> y, View<T> da, bool accumulate_a, View<T> db, bool accumulate_b,
                                    int64_t pixels, int channels) {
  for_pixels(pixels, channels, [&](int64_t p, int c) {
    Vec v = load(dy.at(p, c));
    if (y.data != nullptr) {
      const Vec out = load(y.at(p, c));
#pragma unroll
      for (int i = 0; i < width; ++i) v.v[i] = out.v[i] > 0.0F ? v.v[i] : 0.0F;
    }
    if (da.data != nullptr) put(da.at(p, c), v, accumulate_a);
    if (db.data != nullptr) put(db.at(p, c), v, accumulate_b);
  });
}

template <bool relu>
void forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y) {
  const int64_t pixels = a.images * a.pixels();
  with_type(a.buffer.dtype, [&]<class T>(T) {
    add_kernel<relu><<<grid_for(stream, pixels, a.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(a), view<T>(b), view<T>(y), pixels, static_cast<int>(a.channels));
  });
  launched("add_forward");
}

void backward(const Stream& stream, const Slice& dy, const Slice& y, const Slice& da, bool accumulate_a, const Slice& db,
              bool accumulate_b) {
  const int64_t pixels = dy.images * dy.pixels();
  with_type(dy.buffer.dtype, [&]<class T>(T) {
    add_backward_kernel<<<grid_for(stream, pixels, dy.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(dy), view<T>(y), view<T>(da), accumulate_a, view<T>(db), accumulate_b, pixels, static_cast<int>(dy.channels));
  });
  launched("add_backward");
}

}  // namespace

void add_forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y) {
  forward<false>(stream, a, b, y);
}

void add_relu_forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y) {
  forward<true>(stream, a, b, y);
}

void add_backward(const Stream& stream, const Slice& dy, const Slice& da, bool accumulate_a, const Slice& db, bool accumulate_b) {
  backward(stream, dy, {}, da, accumulate_a, db, accumulate_b);
}

void add_relu_backward(const Stream& stream, const Slice& dy, const Slice& y, const Slice& da, bool accumulate_a, const Slice& db,
                       bool accumulate_b) {
  backward(stream, dy, y, da, accumulate_a, db, accumulate_b);
}

}  // namespace thorax::cuda
