// Batch normalisation (Ioffe & Szegedy 2015) with the ReLU that follows it, as one op.
#pragma once

#include <string>

#include "layers/parameters.h"

namespace thorax {

// y = relu(gamma * (x - mean) / sqrt(var + eps) + beta), x and y: [N,C,H,W]. While training mean and var are the batch's
// (biased), taken from `statistics` [2,C] where the producer of x knows them already (a dense block), else computed; in
// evaluation mode they are the running values. relu: false for a batch norm alone.
Value batch_norm_relu(Graph& g, const std::string& name, Value x, Value statistics = {}, bool relu = true);

}  // namespace thorax
