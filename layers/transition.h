// DenseNet's transition: batch norm - ReLU - 1x1 convolution - 2x2 average pooling, with the pooling before the convolution: the
// two commute exactly, and the convolution then does a quarter of the arithmetic.
#pragma once

#include <string>

#include "layers/dense_block.h"

namespace thorax {

// block: of the dense block before. Returns [N, out_channels, H/2, W/2]. Parameters: name.norm.*, name.conv.weight.
Value transition(Graph& g, const std::string& name, const DenseBlockOutput& block, int64_t out_channels);

}  // namespace thorax
