// One layer of a dense block: norm1 - relu - conv1 (1x1) - norm2 - relu - conv2 (3x3), reading the first channels of the block's
// buffer and appending its own.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "layers/batch_norm_values.h"
#include "layers/conv_step.h"

namespace thorax {

class Description;

// The memory of the whole block that its layers share.
struct DenseBlockSlots {
  Slot buffer;       // [N, Ctot, H, W]
  Slot statistics;   // [2, Ctot], null in evaluation mode
  Slot gradient;     // [N, Ctot, H, W], during backward: the sum of a*dz of the consumers so far
  Slot corrections;  // [2, Ctot], during backward: what is added to a channel's gradient at the end, b*xhat + c
};

// Which images and channels of the block's buffers.
struct BlockPart {
  int64_t image, images, channel, channels;
  Slice of(const Tensor& t) const { return {t, image, images, channel, channels}; }
};

// to = gradient + b*xhat + c: the gradient of these channels, final. to: [images, channels, H, W].
void finish_gradient(const Run& run, const DenseBlockSlots& block, const BlockPart& part, const Slice& to);

class DenseLayer {
 public:
  // Makes the layer's parameters. in: channels that it reads; middle: channels between its convolutions; growth: appended.
  DenseLayer(Graph& g, const std::string& name, int64_t in, int64_t middle, int64_t growth);
  void append_inputs(std::vector<Value>& inputs) const;
  const std::string& name() const { return name_; }
  // What it appends, of x: the channels before it. Returns the output's name.
  std::string describe(Description& d, const std::string& x) const;

  // like: the shape and dtype of the block's buffer.
  void forward(Emitter& emit, const DenseBlockSlots& block, const Tensor& like);
  void backward(Emitter& emit, const DenseBlockSlots& block);

 private:
  struct Geometry {
    int64_t images, height, width;
    DType dtype;
    int64_t pixels() const { return height * width; }
  };
  void emit_bottleneck(Emitter& emit, const DenseBlockSlots& block);
  void emit_append(Emitter& emit, const DenseBlockSlots& block);
  void emit_append_backward(Emitter& emit, const DenseBlockSlots& block, Slot middle_gradient, Slot totals);
  void emit_bottleneck_backward(Emitter& emit, const DenseBlockSlots& block, Slot middle_gradient, Slot totals);
  // A packed operand [callers * group images, channels, H, W] that one step uses.
  Slot scratch(Emitter& emit, const char* what, int64_t channels) const;
  Tensor part(const Tensor& scratch, int caller) const;

  std::string name_;
  int64_t in_, middle_, growth_;
  BatchNormValues norm1_, norm2_;
  Value filter1_, filter2_;

  Geometry geometry_{};
  Grouping grouping_;
  std::optional<ConvStep> conv1_, conv2_;
  BatchNormSlots slots1_, slots2_;
  Slot bottleneck_, bottleneck_statistics_;
};

}  // namespace thorax
