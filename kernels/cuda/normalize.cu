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

}  // namespace

void normalize(const Stream& stream, const Tensor& x, float mean, float deviation, const Tensor& y) {
  const int64_t count = x.count();
  with_type(y.dtype, [&]<class T>(T) {
    normalize_kernel<<<flat_grid(stream, (count + width - 1) / width), flat_threads, 0, queue_of(stream)>>>(
        x.as<uint8_t>(), mean, deviation, y.as<T>(), count);
  });
  launched("normalize");
}

}  // namespace thorax::cuda
