// fp16 convolutions on a processor: operands of fp16, multiplied and summed in fp32, as a GPU's tensor cores do. Slow, since both
// operands are copied; it exists so that training in fp16 can be followed and tested without a GPU.
#include "kernels/conv2d_kernel.h"
#include "kernels/half.h"

namespace thorax {

namespace {

size_t aligned(size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

Conv2dShape in_single(Conv2dShape s) {
  s.dtype = DType::f32;
  return s;
}

class HalfConvolution final : public Conv2dKernel {
 public:
  HalfConvolution(ConvPass pass, const Conv2dShape& s, const Conv2dChoice& choice)
      : pass_(pass), shape_(s), threads_(choice.threads), single_(cpu::make_conv2d(pass, in_single(s), choice)) {}

  // Packed filters have a rounded copy of the plain one behind them. Gradients of filters are fp32 as they are.
  size_t filter_bytes() const override {
    const size_t packed = single_->filter_bytes();
    return pass_ == ConvPass::backward_filter ? packed : aligned(packed) + filter_count() * (sizeof(float) + sizeof(f16));
  }
  size_t workspace_bytes() const override {
    return aligned(single_->workspace_bytes()) + aligned(x_count() * sizeof(float)) + aligned(y_count() * sizeof(float));
  }

  void execute(const Stream& stream, int caller, const Addresses& addresses) const override {
    const Stream on{Device::cpu, threads_};
    auto* const x = reinterpret_cast<float*>(workspace(addresses) + aligned(single_->workspace_bytes()));
    float* const y = x + aligned(x_count() * sizeof(float)) / sizeof(float);
    const bool data = pass_ == ConvPass::backward_data;
    half_to_single(on, static_cast<const f16*>(addresses[0]), data ? y : x, as_signed(data ? y_count() : x_count()));
    if (pass_ == ConvPass::backward_filter) {
      half_to_single(on, static_cast<const f16*>(addresses[1]), y, as_signed(y_count()));
      return single_->execute(stream, caller, {x, y, addresses[2], addresses[3]});
    }
    single_->execute(stream, caller, {data ? y : x, addresses[1], data ? x : y, addresses[3]});
    auto* const result = static_cast<f16*>(const_cast<void*>(addresses[2]));
    single_to_half(on, data ? x : y, result, as_signed(data ? x_count() : y_count()));
  }

  void filter_from_plain(const Stream& stream, const float* plain, void* packed) const override {
    auto* const rounded = reinterpret_cast<float*>(static_cast<std::byte*>(packed) + aligned(single_->filter_bytes()));
    auto* const half = reinterpret_cast<f16*>(rounded + filter_count());
    single_to_half(stream, plain, half, as_signed(filter_count()));
    half_to_single(stream, half, rounded, as_signed(filter_count()));
    single_->filter_from_plain(stream, rounded, packed);
  }
  void filter_to_plain(const Stream& stream, const void* packed, float* plain, bool accumulate) const override {
    single_->filter_to_plain(stream, packed, plain, accumulate);
  }

 private:
  static std::byte* workspace(const Addresses& addresses) { return static_cast<std::byte*>(const_cast<void*>(addresses[3])); }
  static int64_t as_signed(size_t count) { return static_cast<int64_t>(count); }
  size_t filter_count() const { return static_cast<size_t>(shape_.filter().count()); }
  size_t x_count() const { return static_cast<size_t>(shape_.images * shape_.in_channels * shape_.height * shape_.width); }
  size_t y_count() const {
    return static_cast<size_t>(shape_.images * shape_.out_channels * shape_.out_height() * shape_.out_width());
  }

  ConvPass pass_;
  Conv2dShape shape_;
  int threads_;
  std::shared_ptr<const Conv2dKernel> single_;
};

}  // namespace

std::shared_ptr<const Conv2dKernel> cpu::make_half_conv2d(ConvPass pass, const Conv2dShape& s, const Conv2dChoice& choice) {
  return std::make_shared<HalfConvolution>(pass, s, choice);
}

}  // namespace thorax
