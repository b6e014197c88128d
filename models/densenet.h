// DenseNet (Huang, Liu, van der Maaten, Weinberger: Densely connected convolutional networks, CVPR 2017), as torchvision has it.
#pragma once

#include <vector>

#include "tensor/graph.h"

namespace thorax {

struct DenseNetSpec {
  std::vector<int64_t> layers;  // per dense block
  int64_t growth = 32;
  int64_t stem_channels = 64;
};

DenseNetSpec densenet121();
DenseNetSpec densenet169();
DenseNetSpec densenet201();

// x: [N,1 or 3,H,W] plain, in the graph's dtype, normalised. Returns logits [N,classes] f32.
Value densenet(Graph& g, Value x, const DenseNetSpec& spec, int64_t classes);

}  // namespace thorax
