#include "layers/conv_step.h"

#include <algorithm>

#include "kernels/accumulate.h"

namespace thorax {

namespace {
constexpr size_t group_limit = size_t{64} << 20;

Shape bytes_shape(size_t bytes) {
  return {static_cast<int64_t>(bytes)};
}
size_t aligned(size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

// A Winograd tile is 4x4: maps smaller than a few tiles waste more than the algorithm saves (measured).
constexpr int64_t smallest_winograd_map = 14;
}  // namespace

Grouping Grouping::choose(int64_t images, size_t bytes_per_image, DType dtype, const Stream& stream) {
  if (stream.device == Device::cuda) return {1, images, 1, 1};
  const int threads = stream.threads;
  if (dtype == DType::bf16 && threads > 1 && images >= 2 * threads) return {images, 1, 1, threads};
  int64_t fitting = images;
  while (fitting > 1 && (images % fitting != 0 || static_cast<size_t>(fitting) * bytes_per_image > group_limit)) --fitting;
  return {images / fitting, fitting, threads, 1};
}

ConvStep::ConvStep(std::string name, const Conv2dShape& shape, const Grouping& grouping, Value filter)
    : name_(std::move(name)), shape_(shape), grouping_(grouping), filter_(filter) {}

void ConvStep::plan_forward(Emitter& emit) {
  const bool large = std::min(shape_.height, shape_.width) >= smallest_winograd_map;
  forward_ = std::make_shared<ConvForward>(shape_, Conv2dChoice{large, grouping_.threads, grouping_.callers}, emit.stream());
  packed_forward_ = emit.slot(name_ + ".packed", bytes_shape(forward_->packed_bytes()), DType::u8);
  workspace_forward_ =
      emit.slot(name_ + ".workspace", bytes_shape(aligned(forward_->workspace_bytes()) * static_cast<size_t>(grouping_.callers)),
                DType::u8);
  const Slot filter = emit.of(filter_);
  emit.pack(name_ + ".pack", {filter}, {packed_forward_}, [conv = forward_, filter, packed = packed_forward_](const Run& run) {
    conv->pack(run.stream, run[filter].as<float>(), run[packed].data);
  });
}

void ConvStep::plan_backward(Emitter& emit, bool want_data) {
  target_ = emit.target(filter_);
  const auto callers = static_cast<size_t>(grouping_.callers);
  if (target_) {
    backward_filter_ =
        std::make_shared<ConvBackwardFilter>(shape_, Conv2dChoice{true, grouping_.threads, grouping_.callers}, emit.stream());
    workspace_filter_ =
        emit.slot(name_ + ".filter_workspace", bytes_shape(aligned(backward_filter_->workspace_bytes()) * callers), DType::u8);
    // Per caller: the sum over its groups, and the gradient of one group when there are several.
    const size_t parts = grouping_.groups > grouping_.callers ? 2 : 1;
    sums_ = emit.slot(name_ + ".filter_sums", bytes_shape(sum_stride() * callers * parts), DType::u8);
  }
  if (!want_data) return;
  const bool large = std::min(shape_.height, shape_.width) >= smallest_winograd_map;
  backward_data_ =
      std::make_shared<ConvBackwardData>(shape_, Conv2dChoice{large, grouping_.threads, grouping_.callers}, emit.stream());
  packed_backward_ = emit.slot(name_ + ".packed_backward", bytes_shape(backward_data_->packed_bytes()), DType::u8);
  workspace_data_ =
      emit.slot(name_ + ".data_workspace", bytes_shape(aligned(backward_data_->workspace_bytes()) * callers), DType::u8);
  const Slot filter = emit.of(filter_);
  emit.pack(name_ + ".pack_backward", {filter}, {packed_backward_},
            [conv = backward_data_, filter, packed = packed_backward_](const Run& run) {
              conv->pack(run.stream, run[filter].as<float>(), run[packed].data);
            });
}

size_t ConvStep::sum_stride() const {
  return aligned(backward_filter_->packed_bytes());
}

void* ConvStep::workspace(const Run& run, Slot slot, size_t bytes, int caller) const {
  return static_cast<std::byte*>(run[slot].data) + aligned(bytes) * static_cast<size_t>(caller);
}

void ConvStep::forward(const Run& run, int caller, const void* x, void* y) const {
  forward_->run(run.stream, caller, x, run[packed_forward_].data, y,
                workspace(run, workspace_forward_, forward_->workspace_bytes(), caller));
}

void ConvStep::backward_data(const Run& run, int caller, const void* dy, void* dx) const {
  backward_data_->run(run.stream, caller, dy, run[packed_backward_].data, dx,
                      workspace(run, workspace_data_, backward_data_->workspace_bytes(), caller));
}

void ConvStep::backward_filter(const Run& run, int caller, bool first, const void* x, const void* dy) const {
  auto* sums = static_cast<std::byte*>(run[sums_].data);
  std::byte* sum = sums + sum_stride() * static_cast<size_t>(caller);
  std::byte* one = first ? sum : sums + sum_stride() * static_cast<size_t>(grouping_.callers + caller);
  backward_filter_->run(run.stream, caller, x, dy, one,
                        workspace(run, workspace_filter_, backward_filter_->workspace_bytes(), caller));
  if (first) return;
  accumulate(run.stream, reinterpret_cast<const float*>(one), reinterpret_cast<float*>(sum),
             static_cast<int64_t>(backward_filter_->packed_bytes() / sizeof(float)));
}

void ConvStep::finish_filter(const Run& run) const {
  auto* sums = static_cast<std::byte*>(run[sums_].data);
  const int64_t busy = std::min<int64_t>(grouping_.callers, grouping_.groups);
  for (int64_t caller = 1; caller < busy; ++caller) {
    accumulate(run.stream, reinterpret_cast<const float*>(sums + sum_stride() * static_cast<size_t>(caller)),
               reinterpret_cast<float*>(sums), static_cast<int64_t>(backward_filter_->packed_bytes() / sizeof(float)));
  }
  backward_filter_->unpack(run.stream, sums, run[target_.slot].as<float>(), target_.accumulate);
}

}  // namespace thorax
