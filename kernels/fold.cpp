#include "kernels/fold.h"

#include <cstring>

namespace thorax {

void fold_filter(const Tensor& filter, const Tensor& folded) {
  const int64_t area = filter.shape[2] * filter.shape[3];
  for (int64_t o = 0; o < filter.shape[0]; ++o) {
    const float* from = filter.as<float>() + o * 3 * area;
    float* to = folded.as<float>() + o * area;
    for (int64_t i = 0; i < area; ++i) to[i] = from[i] + from[area + i] + from[2 * area + i];
  }
}

void unfold_filter_gradient(const Tensor& folded_gradient, const Tensor& gradient, bool accumulate) {
  const int64_t area = gradient.shape[2] * gradient.shape[3];
  for (int64_t o = 0; o < gradient.shape[0]; ++o) {
    const float* from = folded_gradient.as<float>() + o * area;
    for (int64_t c = 0; c < 3; ++c) {
      float* to = gradient.as<float>() + (o * 3 + c) * area;
      for (int64_t i = 0; i < area; ++i) to[i] = accumulate ? to[i] + from[i] : from[i];
    }
  }
}

void replicate_plane(const Tensor& plane, const Tensor& channels) {
  const size_t bytes = static_cast<size_t>(plane.shape[2] * plane.shape[3]) * size_of(plane.dtype);
  for (int64_t n = 0; n < plane.shape[0]; ++n) {
    const std::byte* from = static_cast<const std::byte*>(plane.data) + static_cast<size_t>(n) * bytes;
    for (int64_t c = 0; c < 3; ++c)
      std::memcpy(static_cast<std::byte*>(channels.data) + static_cast<size_t>(n * 3 + c) * bytes, from, bytes);
  }
}

}  // namespace thorax
