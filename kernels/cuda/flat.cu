// Kernels over flat fp32 arrays of some thousand elements: scale, sigmoid.
#include "kernels/cuda/device.cuh"
#include "kernels/scale.h"
#include "kernels/sigmoid.h"
#include "kernels/sigmoid_math.h"

namespace thorax::cuda {

namespace {

__global__ void scale_kernel(const float* factor, const float* x, float* y, bool accumulate, int64_t count) {
  for (int64_t i = index_of_thread(); i < count; i += threads_of_grid()) y[i] = (accumulate ? y[i] : 0.0F) + *factor * x[i];
}

__global__ void sigmoid_kernel(const float* x, float* y, int64_t count) {
  for (int64_t i = index_of_thread(); i < count; i += threads_of_grid()) y[i] = sigmoid(x[i]);
}

__global__ void sigmoid_backward_kernel(const float* y, const float* dy, float* dx, bool accumulate, int64_t count) {
  for (int64_t i = index_of_thread(); i < count; i += threads_of_grid()) {
    const float gradient = sigmoid_slope(y[i], dy[i]);
    dx[i] = accumulate ? dx[i] + gradient : gradient;
  }
}

}  // namespace

void scale(const Stream& stream, const Tensor& factor, const Tensor& x, const Tensor& y, bool accumulate) {
  scale_kernel<<<flat_grid(stream, x.count()), flat_threads, 0, queue_of(stream)>>>(factor.as<float>(), x.as<float>(),
                                                                                    y.as<float>(), accumulate, x.count());
  launched("scale");
}

void sigmoid_forward(const Stream& stream, const Tensor& x, const Tensor& y) {
  sigmoid_kernel<<<flat_grid(stream, x.count()), flat_threads, 0, queue_of(stream)>>>(x.as<float>(), y.as<float>(), x.count());
  launched("sigmoid_forward");
}

void sigmoid_backward(const Stream& stream, const Tensor& y, const Tensor& dy, const Tensor& dx, bool accumulate) {
  sigmoid_backward_kernel<<<flat_grid(stream, y.count()), flat_threads, 0, queue_of(stream)>>>(
      y.as<float>(), dy.as<float>(), dx.as<float>(), accumulate, y.count());
  launched("sigmoid_backward");
}

}  // namespace thorax::cuda
