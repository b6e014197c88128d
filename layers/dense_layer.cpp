#include "layers/dense_layer.h"

#include <algorithm>

#include "layers/describe.h"

namespace thorax {

void finish_gradient(const Run& run, const DenseBlockSlots& block, const BlockPart& part, const Slice& to) {
  const Tensor gradient = run[block.gradient];
  const Tensor s = run[block.statistics];
  if (!s) return copy_with_statistics(run.stream, part.of(gradient), to, nullptr);
  const int64_t all = s.shape[1];
  const float* mean = s.as<float>() + part.channel;
  const float* b = run[block.corrections].as<float>() + part.channel;
  apply_corrections(run.stream, part.of(gradient), part.of(run[block.buffer]), mean, mean + all, batch_norm_eps, b, b + all, to);
}

DenseLayer::DenseLayer(Graph& g, const std::string& name, int64_t in, int64_t middle, int64_t growth)
    : name_(name),
      in_(in),
      middle_(middle),
      growth_(growth),
      norm1_(batch_norm_values(g, name + ".norm1", in)),
      norm2_(),
      filter1_(conv_filter(g, name + ".conv1", middle, in, 1, Fan::in)) {
  norm2_ = batch_norm_values(g, name + ".norm2", middle);
  filter2_ = conv_filter(g, name + ".conv2", growth, middle, 3, Fan::in);
}

void DenseLayer::append_inputs(std::vector<Value>& inputs) const {
  norm1_.append_to(inputs);
  inputs.push_back(filter1_);
  norm2_.append_to(inputs);
  inputs.push_back(filter2_);
}

std::string DenseLayer::describe(Description& d, const std::string& x) const {
  const std::string a = describe_batch_norm(d, name_ + ".norm1", x, norm1_, true);
  const std::string b = describe_conv(d, name_ + ".conv1", a, d.of(filter1_), 1, 1, 0);
  const std::string c = describe_batch_norm(d, name_ + ".norm2", b, norm2_, true);
  return describe_conv(d, name_ + ".conv2", c, d.of(filter2_), 3, 1, 1);
}

Slot DenseLayer::scratch(Emitter& emit, const char* what, int64_t channels) const {
  return emit.slot(name_ + what, {grouping_.callers * grouping_.images, channels, geometry_.height, geometry_.width},
                   geometry_.dtype, emit.graph().layout());
}

// The images of one caller, as a tensor of its own.
Tensor DenseLayer::part(const Tensor& scratch, int caller) const {
  Tensor t = scratch;
  t.shape = {grouping_.images, scratch.shape[1], scratch.shape[2], scratch.shape[3]};
  t.data = static_cast<std::byte*>(scratch.data) + t.bytes() * static_cast<size_t>(caller);
  return t;
}

void DenseLayer::forward(Emitter& emit, const DenseBlockSlots& block, const Tensor& like) {
  geometry_ = {like.shape[0], like.shape[2], like.shape[3], like.dtype};
  const Geometry& s = geometry_;
  const size_t operand = static_cast<size_t>(std::max(in_, middle_) * s.pixels()) * size_of(s.dtype);
  grouping_ = Grouping::choose(s.images, operand, s.dtype, emit.stream());
  conv1_.emplace(name_ + ".conv1", Conv2dShape{grouping_.images, in_, s.height, s.width, middle_, 1, 1, 0, s.dtype, false},
                 grouping_, filter1_);
  conv2_.emplace(name_ + ".conv2", Conv2dShape{grouping_.images, middle_, s.height, s.width, growth_, 3, 1, 1, s.dtype, false},
                 grouping_, filter2_);
  slots1_ = BatchNormSlots(emit, norm1_);
  slots2_ = BatchNormSlots(emit, norm2_);
  bottleneck_ = emit.slot(name_ + ".bottleneck", {s.images, middle_, s.height, s.width}, s.dtype, emit.graph().layout());
  bottleneck_statistics_ =
      emit.graph().training() ? emit.slot(name_ + ".bottleneck_statistics", {2, middle_}, DType::f32) : Slot{};
  emit_bottleneck(emit, block);
  emit_append(emit, block);
  if (!emit.graph().training()) return;
  slots1_.emit_running_update(emit, name_ + ".norm1", block.statistics, s.images, s.pixels());
  slots2_.emit_running_update(emit, name_ + ".norm2", bottleneck_statistics_, s.images, s.pixels());
}

// norm1 - relu - conv1, and the statistics of what it makes.
void DenseLayer::emit_bottleneck(Emitter& emit, const DenseBlockSlots& block) {
  conv1_->plan_forward(emit);
  const Slot operand = scratch(emit, ".operand1", in_);
  const Slot partial =
      emit.slot(name_ + ".partial1", {partial_sums(emit.stream(), geometry_.images, geometry_.pixels()), 2, middle_}, DType::f32);
  emit.step(name_ + ".conv1", joined(std::vector<Slot>{block.buffer}, slots1_.reads(block.statistics), conv1_->forward_reads()),
            joined(std::vector<Slot>{bottleneck_, bottleneck_statistics_, operand, partial}, conv1_->forward_writes()),
            conv1_->flops(), [self = *this, block, operand, partial](const Run& run) {
              const BatchNorm norm = self.slots1_.view(run, block.statistics);
              const Tensor buffer = run[block.buffer];
              const Tensor made = run[self.bottleneck_];
              const Tensor statistics = run[self.bottleneck_statistics_];
              auto* partials = run[partial].as<float>();
              self.grouping_.for_each([&](int caller, int64_t image, bool) {
                const Tensor x = self.part(run[operand], caller);
                batch_norm_relu_forward(run.stream, {buffer, image, self.grouping_.images, 0, self.in_}, norm, x, true);
                const Slice y{made, image, self.grouping_.images, 0, self.middle_};
                self.conv1_->forward(run, caller, x.data, slice_address(y));
                if (statistics) channel_statistics(run.stream, y, partials + image * 2 * self.middle_);
              });
              if (!statistics) return;
              merge_statistics(run.stream, partials, made.shape[0], self.middle_, self.geometry_.pixels(), statistics.as<float>(),
                               statistics.as<float>() + self.middle_);
            });
  emit_joint_statistics(emit, name_ + ".conv1.joint_statistics", bottleneck_statistics_, 0, middle_, geometry_.pixels());
}

// norm2 - relu - conv2, appended to the buffer with its statistics.
void DenseLayer::emit_append(Emitter& emit, const DenseBlockSlots& block) {
  conv2_->plan_forward(emit);
  const Slot operand = scratch(emit, ".operand2", middle_);
  const Slot fresh = scratch(emit, ".fresh", growth_);
  const Slot partial =
      emit.slot(name_ + ".partial2", {partial_sums(emit.stream(), geometry_.images, geometry_.pixels()), 2, growth_}, DType::f32);
  emit.step(name_ + ".conv2",
            joined(std::vector<Slot>{bottleneck_, block.buffer, block.statistics}, slots2_.reads(bottleneck_statistics_),
                   conv2_->forward_reads()),
            joined(std::vector<Slot>{block.buffer, block.statistics, operand, fresh, partial}, conv2_->forward_writes()),
            conv2_->flops(), [self = *this, block, operand, fresh, partial](const Run& run) {
              const BatchNorm norm = self.slots2_.view(run, self.bottleneck_statistics_);
              const Tensor middle = run[self.bottleneck_];
              const Tensor buffer = run[block.buffer];
              const Tensor statistics = run[block.statistics];
              auto* partials = run[partial].as<float>();
              self.grouping_.for_each([&](int caller, int64_t image, bool) {
                const int64_t images = self.grouping_.images;
                const Tensor x = self.part(run[operand], caller);
                const Tensor y = self.part(run[fresh], caller);
                batch_norm_relu_forward(run.stream, {middle, image, images, 0, self.middle_}, norm, x, true);
                self.conv2_->forward(run, caller, x.data, y.data);
                copy_with_statistics(run.stream, y, {buffer, image, images, self.in_, self.growth_},
                                     statistics ? partials + image * 2 * self.growth_ : nullptr);
              });
              if (!statistics) return;
              auto* mean = statistics.as<float>() + self.in_;
              merge_statistics(run.stream, partials, buffer.shape[0], self.growth_, self.geometry_.pixels(), mean,
                               mean + statistics.shape[1]);
            });
  emit_joint_statistics(emit, name_ + ".conv2.joint_statistics", block.statistics, in_, growth_, geometry_.pixels());
}

void DenseLayer::backward(Emitter& emit, const DenseBlockSlots& block) {
  const Geometry& s = geometry_;
  const Slot middle_gradient =
      emit.slot(name_ + ".bottleneck_gradient", {s.images, middle_, s.height, s.width}, s.dtype, emit.graph().layout());
  const Slot totals = emit.slot(name_ + ".totals2", {2, middle_}, DType::f32);
  // The corrections are sums over the consumers and the images: those of other ranks are added once, before they are used.
  if (block.statistics) emit_joint_sums(emit, name_ + ".joint_corrections", block.corrections, in_, growth_);
  emit_append_backward(emit, block, middle_gradient, totals);
  if (block.statistics) emit_joint_sums(emit, name_ + ".joint_sums", totals, 0, middle_);
  emit_bottleneck_backward(emit, block, middle_gradient, totals);
}

// From the gradient of the appended channels, made final here, to the gradient of norm2's output, and norm2's sums.
void DenseLayer::emit_append_backward(Emitter& emit, const DenseBlockSlots& block, Slot middle_gradient, Slot totals) {
  conv2_->plan_backward(emit, true);
  const BatchNormGradients gradients(emit, norm2_);
  const Slot operand = scratch(emit, ".operand2", middle_);
  const Slot fresh = scratch(emit, ".fresh_gradient", growth_);
  const Slot sums =
      emit.slot(name_ + ".sums2", {partial_sums(emit.stream(), geometry_.images, geometry_.pixels()), 2, middle_}, DType::f32);
  emit.step(name_ + ".conv2.backward",
            joined(std::vector<Slot>{block.buffer, block.statistics, block.gradient, block.corrections, bottleneck_},
                   slots2_.reads(bottleneck_statistics_), conv2_->data_reads()),
            joined(std::vector<Slot>{middle_gradient, totals, operand, fresh, sums, gradients.gamma.slot, gradients.beta.slot},
                   conv2_->filter_writes(), conv2_->data_writes()),
            2 * conv2_->flops(), [self = *this, block, middle_gradient, totals, gradients, operand, fresh, sums](const Run& run) {
              const BatchNorm norm = self.slots2_.view(run, self.bottleneck_statistics_);
              const int64_t images = self.grouping_.images;
              auto* partials = run[sums].as<float>();
              self.grouping_.for_each([&](int caller, int64_t image, bool first) {
                const Tensor x = self.part(run[operand], caller);
                const Tensor dy = self.part(run[fresh], caller);
                const Slice middle{run[self.bottleneck_], image, images, 0, self.middle_};
                const Slice dmiddle{run[middle_gradient], image, images, 0, self.middle_};
                finish_gradient(run, block, {image, images, self.in_, self.growth_}, dy);
                if (self.conv2_->wants_filter()) {
                  batch_norm_relu_forward(run.stream, middle, norm, x, true);
                  self.conv2_->backward_filter(run, caller, first, x.data, dy.data);
                }
                self.conv2_->backward_data(run, caller, dy.data, slice_address(dmiddle));
                batch_norm_relu_backward_sums(run.stream, middle, dmiddle, norm, true, partials + image * 2 * self.middle_);
              });
              if (self.conv2_->wants_filter()) self.conv2_->finish_filter(run);
              gradients.finish(run, run[sums], run[totals].as<float>());
            });
}

// From the gradient of norm2's output to the one-pass contribution a*dz of norm1 to the block's gradient buffer.
void DenseLayer::emit_bottleneck_backward(Emitter& emit, const DenseBlockSlots& block, Slot middle_gradient, Slot totals) {
  conv1_->plan_backward(emit, true);
  const BatchNormGradients gradients(emit, norm1_);
  const Slot operand = scratch(emit, ".operand1", in_);
  const Slot sums =
      emit.slot(name_ + ".sums1", {partial_sums(emit.stream(), geometry_.images, geometry_.pixels()), 2, in_}, DType::f32);
  const Slot totals1 = emit.slot(name_ + ".totals1", {2, in_}, DType::f32);
  const int64_t count = statistics_images(emit, geometry_.images) * geometry_.pixels();
  emit.step(name_ + ".conv1.backward",
            joined(std::vector<Slot>{block.buffer, block.gradient, block.corrections, bottleneck_, middle_gradient, totals},
                   slots1_.reads(block.statistics), slots2_.reads(bottleneck_statistics_), conv1_->data_reads()),
            joined(std::vector<Slot>{block.gradient, block.corrections, middle_gradient, operand, sums, totals1,
                                     gradients.gamma.slot, gradients.beta.slot},
                   conv1_->filter_writes(), conv1_->data_writes()),
            2 * conv1_->flops(),
            [self = *this, block, middle_gradient, totals, gradients, operand, sums, totals1, count](const Run& run) {
              const BatchNorm norm1 = self.slots1_.view(run, block.statistics);
              const BatchNorm norm2 = self.slots2_.view(run, self.bottleneck_statistics_);
              const Tensor buffer = run[block.buffer];
              const int64_t images = self.grouping_.images;
              const bool batch_statistics = static_cast<bool>(block.statistics);
              const float* total2 = batch_statistics ? run[totals].as<float>() : nullptr;
              auto* partials = run[sums].as<float>();
              self.grouping_.for_each([&](int caller, int64_t image, bool first) {
                const Tensor x = self.part(run[operand], caller);
                const Slice middle{run[self.bottleneck_], image, images, 0, self.middle_};
                const Slice dmiddle{run[middle_gradient], image, images, 0, self.middle_};
                const Slice read{buffer, image, images, 0, self.in_};
                const float* xhat2 = total2 != nullptr ? total2 + self.middle_ : nullptr;
                batch_norm_relu_backward_apply(run.stream, middle, dmiddle, norm2, true, total2, xhat2, count, dmiddle, false);
                if (self.conv1_->wants_filter()) {
                  batch_norm_relu_forward(run.stream, read, norm1, x, true);
                  self.conv1_->backward_filter(run, caller, first, x.data, slice_address(dmiddle));
                }
                self.conv1_->backward_data(run, caller, slice_address(dmiddle), x.data);
                batch_norm_relu_backward_linear(run.stream, read, x, norm1, true,
                                                {run[block.gradient], image, images, 0, self.in_}, true,
                                                partials + image * 2 * self.in_);
              });
              if (self.conv1_->wants_filter()) self.conv1_->finish_filter(run);
              auto* total1 = run[totals1].as<float>();
              gradients.finish(run, run[sums], total1);
              if (!batch_statistics) return;
              auto* b = run[block.corrections].as<float>();
              accumulate_corrections(run.stream, norm1.gamma, norm1.variance, norm1.eps, total1, total1 + self.in_, count,
                                     self.in_, b, b + buffer.shape[1], true);
            });
}

}  // namespace thorax
