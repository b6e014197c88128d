// The network's input from what the loader delivers.
#pragma once

#include <string>

#include "tensor/graph.h"

namespace thorax {

// bytes: [N,1,H,W] u8 plain -> (bytes/255 - mean) / std in the graph's dtype, plain.
Value normalize(Graph& g, const std::string& name, Value bytes, float mean, float std);

}  // namespace thorax
