// The classifier head.
#pragma once

#include <string>

#include "tensor/graph.h"

namespace thorax {

// y = x W^T + b; x: [N,in] f32, y: [N,out] f32. Parameters name.weight [out,in], uniform(+-1/sqrt(in)), and name.bias [out],
// zero where the reference implementation (torchvision's DenseNet) has it so, else uniform(+-1/sqrt(in)).
Value linear(Graph& g, const std::string& name, Value x, int64_t out, bool zero_bias);

// Probabilities: y = 1 / (1 + exp(-x)), any plain f32.
Value sigmoid(Graph& g, const std::string& name, Value x);

}  // namespace thorax
