#include "kernels/fold.h"

#include <cstring>

#include "kernels/dispatch.h"
#include "kernels/require.h"
#include "tensor/element.h"

namespace thorax {

THORAX_CUDA_TWIN(void fold_filter(const Stream&, const Tensor&, const Tensor&))
THORAX_CUDA_TWIN(void unfold_filter_gradient(const Stream&, const Tensor&, const Tensor&, bool))
THORAX_CUDA_TWIN(void interleave_planes(const Stream&, const Tensor&, const Tensor&))

namespace {

template <class T>
void interleave(const Tensor& planes, const Tensor& pixels) {
  const int64_t channels = planes.shape[1], count = planes.shape[2] * planes.shape[3];
  for (int64_t n = 0; n < planes.shape[0]; ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t p = 0; p < count; ++p)
        pixels.as<T>()[(n * count + p) * channels + c] = planes.as<T>()[(n * channels + c) * count + p];
}

}  // namespace

void fold_filter(const Stream& stream, const Tensor& filter, const Tensor& folded) {
  THORAX_RETURN_CUDA(fold_filter, stream, filter, folded);
  const int64_t area = filter.shape[2] * filter.shape[3];
  for (int64_t o = 0; o < filter.shape[0]; ++o) {
    const float* from = filter.as<float>() + o * 3 * area;
    float* to = folded.as<float>() + o * area;
    for (int64_t i = 0; i < area; ++i) to[i] = from[i] + from[area + i] + from[2 * area + i];
  }
}

void unfold_filter_gradient(const Stream& stream, const Tensor& folded_gradient, const Tensor& gradient, bool accumulate) {
  THORAX_RETURN_CUDA(unfold_filter_gradient, stream, folded_gradient, gradient, accumulate);
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

void interleave_planes(const Stream& stream, const Tensor& planes, const Tensor& pixels) {
  const char* op = "interleave_planes";
  require(planes.shape.rank() == 4, op, "planes is ", planes.shape, ", expected [N,C,H,W]");
  require_plain(op, "planes", planes, is_real(planes.dtype) ? planes.dtype : DType::f32, planes.shape);
  require(pixels && pixels.layout == Layout::nhwc && pixels.shape == planes.shape && pixels.dtype == planes.dtype, op,
          "planes is ", planes.shape, ' ', planes.dtype, ", pixels is ", pixels.shape, ' ', pixels.dtype);
  THORAX_RETURN_CUDA(interleave_planes, stream, planes, pixels);
  with_real(planes.dtype, [&]<class T>(T) { interleave<T>(planes, pixels); });
}

}  // namespace thorax
