#include "kernels/sgd.h"

#include "kernels/cuda/device.cuh"
#include "kernels/sgd_math.h"

namespace thorax::cuda {

namespace {

__device__ void update(const SgdScalars& s, float gradient, float& parameter, float& momentum) {
  if (s.first != 0) {
    sgd_element<true>(s, gradient, parameter, momentum);
  } else {
    sgd_element<false>(s, gradient, parameter, momentum);
  }
}

// Four elements a thread, then the last count % 4.
__global__ void sgd_kernel(const float* gradient, const SgdScalars* scalars, float* parameter, float* momentum, int64_t count) {
  const SgdScalars s = *scalars;
  if (s.skip != 0) return;
  for (int64_t i = index_of_thread(); i < count / 4; i += threads_of_grid()) {
    const float4 g = reinterpret_cast<const float4*>(gradient)[i];
    float4 p = reinterpret_cast<float4*>(parameter)[i];
    float4 m = s.first != 0 ? make_float4(0, 0, 0, 0) : reinterpret_cast<float4*>(momentum)[i];
    update(s, g.x, p.x, m.x);
    update(s, g.y, p.y, m.y);
    update(s, g.z, p.z, m.z);
    update(s, g.w, p.w, m.w);
    reinterpret_cast<float4*>(parameter)[i] = p;
    reinterpret_cast<float4*>(momentum)[i] = m;
  }
  const int64_t last = count / 4 * 4 + index_of_thread();
  if (last < count) update(s, gradient[last], parameter[last], momentum[last]);
}

}  // namespace

void sgd_update(const Stream& stream, const Tensor& gradient, const SgdScalars* scalars, const Tensor& parameter,
                const Tensor& momentum) {
  const int64_t count = parameter.count();
  sgd_kernel<<<flat_grid(stream, (count + 3) / 4), flat_threads, 0, queue_of(stream)>>>(
      gradient.as<float>(), scalars, parameter.as<float>(), momentum.as<float>(), count);
  launched("sgd_update");
}

}  // namespace thorax::cuda
