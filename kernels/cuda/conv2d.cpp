// Convolutions on a GPU: a plan of cuDNN's, and the filter's way into its layout and back.
#include "kernels/conv2d_kernel.h"
#include "kernels/cuda/cudnn.h"
#include "kernels/cuda/filter.h"
#include "tensor/queue.h"

namespace thorax::cuda {

namespace {

class Convolution final : public Conv2dKernel {
 public:
  Convolution(ConvPass pass, const Conv2dShape& shape, const Stream& stream)
      : shape_(shape), plan_(cudnn_device(*stream.queue), pass, shape, ConvRules{}) {}

  size_t filter_bytes() const override { return static_cast<size_t>(shape_.filter().count()) * size_of(shape_.dtype); }
  size_t workspace_bytes() const override { return plan_.workspace_bytes(); }
  void execute(const Stream&, int, const Addresses& addresses) const override { plan_.run(addresses); }
  void filter_from_plain(const Stream& stream, const float* plain, void* packed) const override {
    pack_filter(stream, shape_, plain, packed);
  }
  void filter_to_plain(const Stream& stream, const void* packed, float* plain, bool accumulate) const override {
    unpack_filter(stream, shape_, packed, plain, accumulate);
  }

 private:
  Conv2dShape shape_;
  ConvPlan plan_;
};

}  // namespace

std::shared_ptr<const Conv2dKernel> make_conv2d(ConvPass pass, const Conv2dShape& shape, const Stream& stream) {
  return std::make_shared<Convolution>(pass, shape, stream);
}

}  // namespace thorax::cuda
