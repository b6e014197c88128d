// ResNet (He, Zhang, Ren, Sun: Deep residual learning for image recognition, CVPR 2016), as torchvision has it: the stride of a
// bottleneck is on its 3x3 convolution.
#pragma once

#include <vector>

#include "tensor/graph.h"

namespace thorax {

struct ResNetSpec {
  std::vector<int64_t> blocks;  // per stage; widths 64, 128, 256, 512
  bool bottleneck = true;       // 1x1, 3x3, 1x1 to four times the width; else two 3x3
};

ResNetSpec resnet18();
ResNetSpec resnet50();
ResNetSpec resnet101();

// x: [N,1 or 3,H,W] plain, in the graph's dtype, normalised. Returns logits [N,classes] f32.
Value resnet(Graph& g, Value x, const ResNetSpec& spec, int64_t classes);

}  // namespace thorax
