#include "kernels/cuda/filter.h"

#include "kernels/cuda/device.cuh"
#include "kernels/filter_math.h"
#include "kernels/fold.h"

namespace thorax::cuda {

namespace {

template <class T>
__global__ void pack_kernel(const float* plain, T* packed, int64_t in, int64_t area, int64_t count) {
  for (int64_t i = index_of_thread(); i < count; i += threads_of_grid()) put_one(packed + i, plain[plain_place(i, in, area)]);
}

template <class T>
__global__ void unpack_kernel(const T* packed, float* plain, bool accumulate, int64_t in, int64_t area, int64_t count) {
  for (int64_t i = index_of_thread(); i < count; i += threads_of_grid()) {
    float& to = plain[plain_place(i, in, area)];
    to = (accumulate ? to : 0.0F) + to_float_device(packed[i]);
  }
}

// filter: [O,3,area] -> folded: [O,area].
__global__ void fold_kernel(const float* filter, float* folded, int64_t area, int64_t count) {
  for (int64_t i = index_of_thread(); i < count; i += threads_of_grid()) {
    const float* from = filter + i / area * 3 * area + i % area;
    folded[i] = from[0] + from[area] + from[2 * area];
  }
}

__global__ void unfold_kernel(const float* folded, float* gradient, bool accumulate, int64_t area, int64_t count) {
  for (int64_t i = index_of_thread(); i < count; i += threads_of_grid())
    gradient[i] = (accumulate ? gradient[i] : 0.0F) + folded[i / (3 * area) * area + i % area];
}

// planes: [N,C,pixels] -> [N,pixels,C].
template <class T>
__global__ void interleave_kernel(const T* planes, T* to, int64_t channels, int64_t pixels, int64_t count) {
  for (int64_t i = index_of_thread(); i < count; i += threads_of_grid()) {
    const int64_t c = i % channels, p = i / channels % pixels, n = i / (channels * pixels);
    to[i] = planes[(n * channels + c) * pixels + p];
  }
}

}  // namespace

void pack_filter(const Stream& stream, const Conv2dShape& s, const float* plain, void* packed) {
  const int64_t count = s.filter().count();
  with_type(s.dtype, [&]<class T>(T) {
    pack_kernel<<<flat_grid(stream, count), flat_threads, 0, queue_of(stream)>>>(plain, static_cast<T*>(packed), s.in_channels,
                                                                                 s.kernel * s.kernel, count);
  });
  launched("pack_filter");
}

void unpack_filter(const Stream& stream, const Conv2dShape& s, const void* packed, float* plain, bool accumulate) {
  const int64_t count = s.filter().count();
  with_type(s.dtype, [&]<class T>(T) {
    unpack_kernel<<<flat_grid(stream, count), flat_threads, 0, queue_of(stream)>>>(
        static_cast<const T*>(packed), plain, accumulate, s.in_channels, s.kernel * s.kernel, count);
  });
  launched("unpack_filter");
}

void fold_filter(const Stream& stream, const Tensor& filter, const Tensor& folded) {
  const int64_t count = folded.count();
  fold_kernel<<<flat_grid(stream, count), flat_threads, 0, queue_of(stream)>>>(filter.as<float>(), folded.as<float>(),
                                                                               filter.shape[2] * filter.shape[3], count);
  launched("fold_filter");
}

void unfold_filter_gradient(const Stream& stream, const Tensor& folded_gradient, const Tensor& gradient, bool accumulate) {
  const int64_t count = gradient.count();
  unfold_kernel<<<flat_grid(stream, count), flat_threads, 0, queue_of(stream)>>>(
      folded_gradient.as<float>(), gradient.as<float>(), accumulate, gradient.shape[2] * gradient.shape[3], count);
  launched("unfold_filter_gradient");
}

void interleave_planes(const Stream& stream, const Tensor& planes, const Tensor& pixels) {
  const int64_t count = planes.count();
  with_type(planes.dtype, [&]<class T>(T) {
    interleave_kernel<<<flat_grid(stream, count), flat_threads, 0, queue_of(stream)>>>(
        planes.as<T>(), pixels.as<T>(), planes.shape[1], planes.shape[2] * planes.shape[3], count);
  });
  launched("interleave_planes");
}

}  // namespace thorax::cuda
