// A DenseNet block (Huang et al., CVPR 2017) as one op over one buffer that already has all its channels: each layer reads the
// first C channels and appends growth more. Nothing is concatenated. Three exact facts are used (docs/design.md, "DenseNet
// without copies"): a channel's batch statistics are the same in every later batch norm; batch-norm backward is linear, so that
// each consumer adds a*dz in one pass and the rest is applied once per channel; what is cheap (batch norm + ReLU) is recomputed.
#pragma once

#include <string>

#include "tensor/graph.h"

namespace thorax {

struct DenseBlockSpec {
  int64_t layers = 0;
  int64_t growth = 32;         // channels that a layer appends
  int64_t bottleneck = 4;      // the 1x1 convolution makes bottleneck * growth channels
  bool fp32_gradient = false;  // keep the gradient buffer in fp32 also when activations are bf16: the last block, where global
                               // pooling makes dz nearly constant and what is subtracted late would dominate
};

struct DenseBlockOutput {
  Value y;           // [N, C + layers*growth, H, W]
  Value statistics;  // [2, C + layers*growth] f32: mean and biased variance of every channel of y; null in evaluation mode
};

// x: [N,C,H,W]. Parameters are named name.denselayer1.norm1.weight, ... as torchvision's.
DenseBlockOutput dense_block(Graph& g, const std::string& name, Value x, const DenseBlockSpec& spec);

}  // namespace thorax
