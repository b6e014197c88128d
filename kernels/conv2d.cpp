#include "kernels/conv2d.h"

#include "kernels/conv2d_kernel.h"
#include "tensor/error.h"

namespace thorax {

namespace {

std::shared_ptr<const Conv2dKernel> make(ConvPass pass, const Conv2dShape& shape, const Conv2dChoice& choice,
                                         const Stream& stream) {
#ifdef THORAX_CUDA
  if (stream.device == Device::cuda) return cuda::make_conv2d(pass, shape, stream);
#else
  static_cast<void>(stream);
#endif
  return shape.dtype == DType::f16 ? cpu::make_half_conv2d(pass, shape, choice) : cpu::make_conv2d(pass, shape, choice);
}

}  // namespace

ConvForward::ConvForward(const Conv2dShape& shape, const Conv2dChoice& choice, const Stream& stream)
    : kernel_(make(ConvPass::forward, shape, choice, stream)) {}

size_t ConvForward::packed_bytes() const {
  return kernel_->filter_bytes();
}
size_t ConvForward::workspace_bytes() const {
  return kernel_->workspace_bytes();
}
void ConvForward::pack(const Stream& stream, const float* filter, void* packed) const {
  kernel_->filter_from_plain(stream, filter, packed);
}
void ConvForward::run(const Stream& stream, int caller, const void* x, const void* packed, void* y, void* workspace) const {
  kernel_->execute(stream, caller, {x, packed, y, workspace});
}

ConvBackwardData::ConvBackwardData(const Conv2dShape& shape, const Conv2dChoice& choice, const Stream& stream)
    : kernel_(make(ConvPass::backward_data, shape, choice, stream)) {}

size_t ConvBackwardData::packed_bytes() const {
  return kernel_->filter_bytes();
}
size_t ConvBackwardData::workspace_bytes() const {
  return kernel_->workspace_bytes();
}
void ConvBackwardData::pack(const Stream& stream, const float* filter, void* packed) const {
  kernel_->filter_from_plain(stream, filter, packed);
}
void ConvBackwardData::run(const Stream& stream, int caller, const void* dy, const void* packed, void* dx,
                           void* workspace) const {
  kernel_->execute(stream, caller, {dy, packed, dx, workspace});
}

ConvBackwardFilter::ConvBackwardFilter(const Conv2dShape& shape, const Conv2dChoice& choice, const Stream& stream)
    : kernel_(make(ConvPass::backward_filter, shape, choice, stream)) {}

bool ConvBackwardFilter::exists(const Conv2dShape& shape, const Stream& stream) {
  try {
    const ConvBackwardFilter made(shape, {}, stream);
    return true;
  } catch (const Error&) {
    return false;
  }
}

size_t ConvBackwardFilter::packed_bytes() const {
  return kernel_->filter_bytes();
}
size_t ConvBackwardFilter::workspace_bytes() const {
  return kernel_->workspace_bytes();
}
void ConvBackwardFilter::run(const Stream& stream, int caller, const void* x, const void* dy, void* dfilter,
                             void* workspace) const {
  kernel_->execute(stream, caller, {x, dy, dfilter, workspace});
}
void ConvBackwardFilter::unpack(const Stream& stream, const void* packed, float* filter_gradient, bool accumulate) const {
  kernel_->filter_to_plain(stream, packed, filter_gradient, accumulate);
}

}  // namespace thorax
