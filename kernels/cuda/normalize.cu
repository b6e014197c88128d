#include "kernels/normalize.h"

#include "kernels/cuda/device.cuh"
#include "kernels/normalize_math.h"

namespace thorax::cuda {

namespace {

// Eight bytes a thread, then the last count % 8.
template <class T>
__global__ void normalize_kernel(const uint8_t* x, float mean, float deviation, T* y, int64_t count) {
  for (int64_t i = index_of_thread(); i < count / width; i += threads_of_grid()) {
    const uint2 words = reinterpret_cast<const uint2*>(x)[i];
    Vec v;
#pragma unroll
    for (int k = 0; k < width; ++k)
      v.v[k] = normalized(static_cast<uint8_t>((k < 4 ? words.x : words.y) >> (8 * (k % 4))), mean, deviation);
    store(y + i * width, v);
  }
  const int64_t last = count / width * width + index_of_thread();
  if (last < count) put_one(y + last, normalized(x[last], mean, deviation));
}

// The same with each image moved by its map.
template <class T>
__global__ void normalize_moved_kernel(const uint8_t* x, const SampleMap* moves, int64_t size, float mean, float deviation, T* y,
                                       int64_t count) {
  const int64_t pixels = size * size;
  const auto value_of = [&](int64_t i) {
    const int64_t image = i / pixels, p = i % pixels;
    return normalized(moved_pixel(x + image * pixels, size, moves[image], p % size, p / size), mean, deviation);
  };
  for (int64_t i = index_of_thread(); i < count / width; i += threads_of_grid()) {
    Vec v;
    for (int k = 0; k < width; ++k) v.v[k] = value_of(i * width + k);
    store(y + i * width, v);
  }
  const int64_t last = count / width * width + index_of_thread();
  if (last < count) put_one(y + last, value_of(last));
}

}  // namespace

void normalize(const Stream& stream, const Tensor& x, float mean, float deviation, const Tensor& y, const SampleMap* moves) {
  const int64_t count = x.count();
  with_type(y.dtype, [&]<class T>(T) {
    if (moves != nullptr) {
      normalize_moved_kernel<<<flat_grid(stream, (count + width - 1) / width), flat_threads, 0, queue_of(stream)>>>(
          x.as<uint8_t>(), moves, x.shape[3], mean, deviation, y.as<T>(), count);
      return;
    }
    normalize_kernel<<<flat_grid(stream, (count + width - 1) / width), flat_threads, 0, queue_of(stream)>>>(
        x.as<uint8_t>(), mean, deviation, y.as<T>(), count);
  });
  launched("normalize");
}

}  // namespace thorax::cuda
