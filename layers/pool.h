// Pooling.
#pragma once

#include <string>

#include "tensor/graph.h"

namespace thorax {

// x: [N,C,H,W]; windows of kernel x kernel, a step of stride apart, -inf padding. [N,C,H',W'].
Value max_pool(Graph& g, const std::string& name, Value x, int64_t kernel, int64_t stride, int64_t pad);

// x: [N,C,H,W] -> [N,C] f32: the mean over the pixels.
Value global_avg_pool(Graph& g, const std::string& name, Value x);

}  // namespace thorax
