#include "kernels/average.h"

#include "kernels/average_math.h"
#include "kernels/cuda/device.cuh"

namespace thorax::cuda {

namespace {

// Four elements a thread, then the last count % 4.
__global__ void average_kernel(const float* value, const float* weight, float* average, int64_t count) {
  const float w = *weight;
  for (int64_t i = index_of_thread(); i < count / 4; i += threads_of_grid()) {
    const float4 v = reinterpret_cast<const float4*>(value)[i];
    float4 a = reinterpret_cast<float4*>(average)[i];
    a.x = average_element(a.x, v.x, w);
    a.y = average_element(a.y, v.y, w);
    a.z = average_element(a.z, v.z, w);
    a.w = average_element(a.w, v.w, w);
    reinterpret_cast<float4*>(average)[i] = a;
  }
  const int64_t last = count / 4 * 4 + index_of_thread();
  if (last < count) average[last] = average_element(average[last], value[last], w);
}

}  // namespace

void average_update(const Stream& stream, const Tensor& value, const float* weight, const Tensor& average) {
  const int64_t count = average.count();
  average_kernel<<<flat_grid(stream, (count + 3) / 4), flat_threads, 0, queue_of(stream)>>>(value.as<float>(), weight,
                                                                                            average.as<float>(), count);
  launched("average_update");
}

}  // namespace thorax::cuda
