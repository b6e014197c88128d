// One convolution inside an op: its three primitives, the packed filters, the workspace and the sum of the filter's gradient over
// groups of images. conv2d, transition and dense_block emit their steps with it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/conv2d.h"
#include "kernels/parallel.h"
#include "tensor/planner.h"

namespace thorax {

// How the images of a batch are walked.
//   one group of all images: every kernel sees the whole batch and uses all threads
//   groups of some images, one after the other: where the packed operands of the whole batch would not fit a cache's reach
//   single images side by side, one thread each
struct Grouping {
  int64_t groups = 1;
  int64_t images = 1;  // in a group
  int threads = 1;     // inside one call
  int callers = 1;     // groups at the same time

  // bytes_per_image: the largest packed operand of one image. bf16 is fastest with images side by side; fp32 with whole groups,
  // where Winograd transforms its filter once for many images (docs/design.md, decision 7). A GPU takes the whole batch.
  static Grouping choose(int64_t images, size_t bytes_per_image, DType dtype, const Stream& stream);

  template <class F>
  void for_each(const F& f) const {  // f(caller, number of the group's first image, whether it is the caller's first group)
    side_by_side(callers, groups, [&](int caller, int64_t group, bool first) { f(caller, group * images, first); });
  }
};

class ConvStep {
 public:
  // shape.images is the number of images in a group.
  ConvStep(std::string name, const Conv2dShape& shape, const Grouping& grouping, Value filter);

  // Emits the packing of the filter and makes the workspace; returns what the forward step reads and writes beside x and y.
  void plan_forward(Emitter& emit);
  void plan_backward(Emitter& emit, bool want_data);

  std::vector<Slot> forward_reads() const { return {packed_forward_}; }
  std::vector<Slot> forward_writes() const { return {workspace_forward_}; }
  void forward(const Run& run, int caller, const void* x, void* y) const;

  // Backward of the filter: group by group into one sum per caller, then once into the parameter's gradient.
  std::vector<Slot> filter_writes() const { return {workspace_filter_, sums_, target_.slot}; }
  bool wants_filter() const { return static_cast<bool>(target_); }
  // first: whether this is the caller's first group of the step.
  void backward_filter(const Run& run, int caller, bool first, const void* x, const void* dy) const;
  void finish_filter(const Run& run) const;

  std::vector<Slot> data_reads() const { return {packed_backward_}; }
  std::vector<Slot> data_writes() const { return {workspace_data_}; }
  void backward_data(const Run& run, int caller, const void* dy, void* dx) const;

  double flops() const { return shape_.flops() * static_cast<double>(grouping_.groups); }
  const Grouping& grouping() const { return grouping_; }

 private:
  size_t sum_stride() const;
  void* workspace(const Run& run, Slot slot, size_t bytes, int caller) const;
  std::string name_;
  Conv2dShape shape_;
  Grouping grouping_;
  Value filter_;
  std::shared_ptr<ConvForward> forward_;
  std::shared_ptr<ConvBackwardData> backward_data_;
  std::shared_ptr<ConvBackwardFilter> backward_filter_;
  Slot packed_forward_, packed_backward_, workspace_forward_, workspace_data_, workspace_filter_, sums_;
  Emitter::Target target_;
};

}  // namespace thorax
