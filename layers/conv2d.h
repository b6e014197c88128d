// A convolution between activations, alone or with the batch norm and ReLU before it, as one op: the normalised operand
// is made group by group, is used while it is in the cache, and is made again in the backward pass instead of being kept. The
// statistics of what the convolution makes are taken on the way, for the batch norm behind it.
#pragma once

#include <string>

#include "tensor/graph.h"

namespace thorax {

struct Conv2dSpec {
  int64_t out_channels = 0;
  int64_t kernel = 1;  // odd; padding kernel / 2
  int64_t stride = 1;
};

struct ConvOutput {
  Value y;           // [N,O,H',W'], in x's dtype
  Value statistics;  // [2,O] f32: mean and biased variance of every channel of y; null in evaluation mode
};

// x: [N,C,H,W]. Parameter: name.weight [O,C,k,k], normal with standard deviation sqrt(2 / fan_out).
ConvOutput conv2d(Graph& g, const std::string& name, Value x, const Conv2dSpec& spec);

// conv(relu(batch_norm(x.y))). Parameters: the batch norm's, named norm..., then the filter.
ConvOutput batch_norm_relu_conv2d(Graph& g, const std::string& norm, const std::string& name, const ConvOutput& x,
                                  const Conv2dSpec& spec);

}  // namespace thorax
