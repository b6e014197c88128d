#include "layers/conv2d.h"

#include <algorithm>
#include <optional>

#include "kernels/add.h"
#include "layers/batch_norm_values.h"
#include "layers/conv_step.h"
#include "layers/describe.h"

namespace thorax {

namespace {

size_t image_bytes(const Shape& s, DType dtype) {
  return static_cast<size_t>(s[1] * s[2] * s[3]) * size_of(dtype);
}

// Images side by side make a filter gradient each. Where that is larger than the activations (deep layers), the whole batch goes
// through one call.
Grouping grouping_of(const Shape& x, const Shape& y, const Shape& filter, DType dtype, const Stream& stream) {
  const size_t operand = std::max(image_bytes(x, dtype), image_bytes(y, dtype));
  if (stream.device == Device::cpu && dtype == DType::bf16 && static_cast<size_t>(filter.count()) * sizeof(float) > operand)
    return {1, x[0], stream.threads, 1};
  return Grouping::choose(x[0], operand, dtype, stream);
}

class Conv2d final : public Op {
 public:
  Conv2d(std::string name, std::vector<Value> inputs, const ConvOutput& x, const std::optional<BatchNormValues>& norm,
         std::string norm_name, Value filter, const Conv2dSpec& spec)
      : Op(std::move(name), std::move(inputs)),
        x_(x),
        norm_(norm),
        norm_name_(std::move(norm_name)),
        filter_(filter),
        spec_(spec) {}

  void forward(Emitter& emit) override {
    const ValueInfo& x = emit.graph().info(x_.y);
    const ValueInfo& y = emit.graph().info(outputs()[0]);
    const Shape filter = emit.graph().info(filter_).shape;
    grouping_ = grouping_of(x.shape, y.shape, filter, x.dtype, emit.stream());
    conv_.emplace(name(),
                  Conv2dShape{grouping_.images, x.shape[1], x.shape[2], x.shape[3], y.shape[1], spec_.kernel, spec_.stride,
                              spec_.kernel / 2, x.dtype, false},
                  grouping_, filter_);
    conv_->plan_forward(emit);
    from_ = emit.of(x_.y);
    statistics_ = x_.statistics ? emit.of(x_.statistics) : Slot{};
    if (norm_) slots_ = BatchNormSlots(emit, *norm_);
    emit_convolution(emit, x, y);
    if (norm_ && statistics_) {
      slots_.emit_running_update(emit, norm_name_, statistics_, x.shape[0], x.shape[2] * x.shape[3]);
    }
  }

  void backward(Emitter& emit) override {
    const ValueInfo& x = emit.graph().info(x_.y);
    const BatchNormGradients gradients = norm_ ? BatchNormGradients(emit, *norm_) : BatchNormGradients();
    const Emitter::Target target = emit.target(x_.y);
    conv_->plan_backward(emit, norm_ || target);
    if (!norm_) return emit_plain_backward(emit, x, target);
    const Slot dz =
        target && !target.accumulate ? target.slot : emit.slot(name() + ".operand_gradient", x.shape, x.dtype, x.layout);
    const Slot totals = emit.slot(name() + ".totals", {2, x.shape[1]}, DType::f32);
    emit_normed_backward(emit, x, gradients, dz, totals);
    if (statistics_) emit_joint_sums(emit, norm_name_ + ".joint_sums", totals, 0, x.shape[1]);
    if (!target) return;
    emit.step(norm_name_ + ".backward",
              joined(std::vector<Slot>{from_, dz, totals, target.accumulate ? target.slot : Slot{}}, slots_.reads(statistics_)),
              {target.slot}, 0,
              [self = shared(), dz, totals, target,
               count = statistics_images(emit, x.shape[0]) * x.shape[2] * x.shape[3]](const Run& run) {
                const Tensor from = run[self.from];
                const float* total = self.statistics ? run[totals].as<float>() : nullptr;
                batch_norm_relu_backward_apply(run.stream, from, run[dz], self.norm(run), true, total,
                                               total != nullptr ? total + from.shape[1] : nullptr, count, run[target.slot],
                                               target.accumulate);
              });
  }

  void describe(Description& d) const override {
    const std::string x = norm_ ? describe_batch_norm(d, norm_name_, d.of(x_.y), *norm_, true) : d.of(x_.y);
    d.set(outputs()[0], describe_conv(d, name(), x, d.of(filter_), spec_.kernel, spec_.stride, spec_.kernel / 2));
  }

 private:
  // What the steps keep of the op, which may be gone when they run.
  struct Shared {
    ConvStep conv;
    Grouping grouping;
    BatchNormSlots slots;
    Slot from, statistics;
    BatchNorm norm(const Run& run) const { return slots.view(run, statistics); }
    // The images of one caller, as a tensor of its own.
    Tensor part(const Tensor& scratch, int caller) const {
      Tensor t = scratch;
      t.shape = {grouping.images, scratch.shape[1], scratch.shape[2], scratch.shape[3]};
      t.data = static_cast<std::byte*>(scratch.data) + t.bytes() * static_cast<size_t>(caller);
      return t;
    }
    Slice group(const Tensor& t, int64_t image) const { return {t, image, grouping.images, 0, t.shape[1]}; }
  };
  Shared shared() const { return {*conv_, grouping_, slots_, from_, statistics_}; }

  // Two partial sums for each channel of an activation.
  static Shape sums_of(Emitter& emit, const Shape& shape) {
    return {partial_sums(emit.stream(), shape[0], shape[2] * shape[3]), 2, shape[1]};
  }
  std::vector<Slot> norm_reads() const { return norm_ ? slots_.reads(statistics_) : std::vector<Slot>{}; }
  Slot scratch(Emitter& emit, const char* what, const ValueInfo& x) const {
    return emit.slot(name() + what, {grouping_.callers * grouping_.images, x.shape[1], x.shape[2], x.shape[3]}, x.dtype,
                     x.layout);
  }

  void emit_convolution(Emitter& emit, const ValueInfo& x, const ValueInfo& y) const {
    const Slot to = emit.of(outputs()[0]);
    const Slot operand = norm_ ? scratch(emit, ".operand", x) : Slot{};
    const bool training = outputs().size() > 1;
    const Slot statistics = training ? emit.of(outputs()[1]) : Slot{};
    const Slot partial = training ? emit.slot(name() + ".partial", sums_of(emit, y.shape), DType::f32) : Slot{};
    emit.step(name(), joined(std::vector<Slot>{from_}, norm_reads(), conv_->forward_reads()),
              joined(std::vector<Slot>{to, statistics, operand, partial}, conv_->forward_writes()), conv_->flops(),
              [self = shared(), to, statistics, operand, partial](const Run& run) {
                const Tensor from = run[self.from];
                const Tensor made = run[to];
                const Tensor normed = run[operand];
                const int64_t channels = made.shape[1];
                auto* partials = run[partial].as<float>();
                self.grouping.for_each([&](int caller, int64_t image, bool) {
                  const Slice in = self.group(from, image);
                  const Slice out = self.group(made, image);
                  const void* source = slice_address(in);
                  if (normed) {
                    const Tensor part = self.part(normed, caller);
                    batch_norm_relu_forward(run.stream, in, self.norm(run), part, true);
                    source = part.data;
                  }
                  self.conv.forward(run, caller, source, slice_address(out));
                  if (partials != nullptr) channel_statistics(run.stream, out, partials + image * 2 * channels);
                });
                if (partials == nullptr) return;
                auto* mean = run[statistics].as<float>();
                merge_statistics(run.stream, partials, made.shape[0], channels, made.shape[2] * made.shape[3], mean,
                                 mean + channels);
              });
    emit_joint_statistics(emit, name() + ".joint_statistics", statistics, 0, y.shape[1], y.shape[2] * y.shape[3]);
  }

  // dz: the gradient of the ReLU's output, whole batch; and the sums of the batch norm.
  void emit_normed_backward(Emitter& emit, const ValueInfo& x, const BatchNormGradients& gradients, Slot dz, Slot totals) const {
    const Slot dy = emit.gradient(outputs()[0]);
    const Slot operand = scratch(emit, ".operand", x);
    const Slot sums = emit.slot(name() + ".sums", sums_of(emit, x.shape), DType::f32);
    emit.step(name() + ".backward", joined(std::vector<Slot>{from_, dy}, norm_reads(), conv_->data_reads()),
              joined(std::vector<Slot>{dz, operand, sums, totals, gradients.gamma.slot, gradients.beta.slot},
                     conv_->filter_writes(), conv_->data_writes()),
              2 * conv_->flops(), [self = shared(), gradients, dy, dz, operand, sums, totals](const Run& run) {
                const Tensor from = run[self.from];
                const BatchNorm norm = self.norm(run);
                const int64_t channels = from.shape[1];
                auto* partials = run[sums].as<float>();
                self.grouping.for_each([&](int caller, int64_t image, bool first) {
                  const Slice in = self.group(from, image);
                  const void* arriving = slice_address(self.group(run[dy], image));
                  const Slice made = self.group(run[dz], image);
                  if (self.conv.wants_filter()) {
                    const Tensor part = self.part(run[operand], caller);
                    batch_norm_relu_forward(run.stream, in, norm, part, true);
                    self.conv.backward_filter(run, caller, first, part.data, arriving);
                  }
                  self.conv.backward_data(run, caller, arriving, slice_address(made));
                  batch_norm_relu_backward_sums(run.stream, in, made, norm, true, partials + image * 2 * channels);
                });
                if (self.conv.wants_filter()) self.conv.finish_filter(run);
                gradients.finish(run, run[sums], run[totals].as<float>());
              });
  }

  // Without a batch norm before it. The library cannot add to a gradient: then it writes a group's, which is added while hot.
  void emit_plain_backward(Emitter& emit, const ValueInfo& x, const Emitter::Target& target) const {
    const Slot dy = emit.gradient(outputs()[0]);
    const Slot fresh = target && target.accumulate ? scratch(emit, ".fresh", x) : Slot{};
    emit.step(
        name() + ".backward",
        joined(std::vector<Slot>{from_, dy, fresh ? target.slot : Slot{}}, target ? conv_->data_reads() : std::vector<Slot>{}),
        joined(std::vector<Slot>{target.slot, fresh}, conv_->filter_writes(),
               target ? conv_->data_writes() : std::vector<Slot>{}),
        2 * conv_->flops(), [self = shared(), target, dy, fresh](const Run& run) {
          self.grouping.for_each([&](int caller, int64_t image, bool first) {
            const void* arriving = slice_address(self.group(run[dy], image));
            if (self.conv.wants_filter()) {
              self.conv.backward_filter(run, caller, first, slice_address(self.group(run[self.from], image)), arriving);
            }
            if (!target) return;
            const Slice to = self.group(run[target.slot], image);
            if (!fresh) return self.conv.backward_data(run, caller, arriving, slice_address(to));
            const Tensor part = self.part(run[fresh], caller);
            self.conv.backward_data(run, caller, arriving, part.data);
            add_forward(run.stream, part, to, to);
          });
          if (self.conv.wants_filter()) self.conv.finish_filter(run);
        });
  }

  ConvOutput x_;
  std::optional<BatchNormValues> norm_;
  std::string norm_name_;
  Value filter_;
  Conv2dSpec spec_;
  Grouping grouping_;
  std::optional<ConvStep> conv_;
  BatchNormSlots slots_;
  Slot from_, statistics_;
};

ConvOutput add_conv2d(Graph& g, const std::string& norm_name, const std::string& name, const ConvOutput& x,
                      const Conv2dSpec& spec) {
  const ValueInfo in = g.info(x.y);
  if (in.layout != g.layout() || in.gradient_dtype != in.dtype) {
    throw Error(Fault::defect, str(name, ": x is ", in.shape,
                                   ", [N,C,H,W] in the layout of the device with a gradient of its type is expected"));
  }
  std::vector<Value> inputs{x.y};
  std::optional<BatchNormValues> norm;
  if (!norm_name.empty()) {
    if (x.statistics) inputs.push_back(x.statistics);
    norm = batch_norm_values(g, norm_name, in.shape[1]);
    norm->append_to(inputs);
  }
  const Value filter = conv_filter(g, name, spec.out_channels, in.shape[1], spec.kernel, Fan::out);
  inputs.push_back(filter);
  auto& op = g.add<Conv2d>(name, inputs, x, norm, norm_name, filter, spec);
  const auto out = [&](int64_t size) { return (size + 2 * (spec.kernel / 2) - spec.kernel) / spec.stride + 1; };
  const Shape shape{in.shape[0], spec.out_channels, out(in.shape[2]), out(in.shape[3])};
  ConvOutput made{g.output_of(op, name + ".out", shape, in.dtype, g.layout()), {}};
  if (g.training()) {
    made.statistics = g.output_of(op, name + ".statistics", {2, shape[1]}, DType::f32, Layout::plain, false);
  }
  return made;
}

}  // namespace

ConvOutput conv2d(Graph& g, const std::string& name, Value x, const Conv2dSpec& spec) {
  return add_conv2d(g, "", name, {x, {}}, spec);
}

ConvOutput batch_norm_relu_conv2d(Graph& g, const std::string& norm, const std::string& name, const ConvOutput& x,
                                  const Conv2dSpec& spec) {
  return add_conv2d(g, norm, name, x, spec);
}

}  // namespace thorax
