// The network's input from what the loader delivers.
#pragma once

#include <string>

#include "kernels/augment_math.h"
#include "tensor/graph.h"

namespace thorax {

// bytes: [N,1,H,W] u8 plain -> (bytes/255 - mean) / std in the graph's dtype, plain. moves: [N] of the host, read in each run,
// must outlive the program; or null: images as they are (kernels/normalize.h).
Value normalize(Graph& g, const std::string& name, Value bytes, float mean, float std, const SampleMap* moves = nullptr);

}  // namespace thorax
