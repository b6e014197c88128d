// A loss as an op of the graph: value and gradient in one pass.
#pragma once

#include <string>

#include "kernels/loss.h"
#include "tensor/graph.h"

namespace thorax {

// logits: [N,C] f32; labels: [N,C] f32, 0 or 1; mask: [N,C] f32, 1 where the label is known. Returns a scalar: the mean of the
// element losses over the known labels. The table (losses/registry.h) says which loss it is.
Value loss_of(Graph& g, const std::string& name, Value logits, Value labels, Value mask, const LossTable& table);

}  // namespace thorax
