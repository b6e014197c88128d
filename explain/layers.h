// Which Values of a model's graph are maps that can be explained, by their names in torchvision.
#pragma once

#include <string>
#include <vector>

#include "tensor/graph.h"

namespace thorax::explain {

// The end of every model here: logits = weight * mean over the pixels of features + bias.
struct Head {
  Value features;  // [N,K,H,W], behind the last ReLU
  Value weight;    // [C,K]
};
// Throws Error(defect) where the model does not end so.
Head head_of(const Graph& graph, Value logits);

// What a layer puts out: "features.norm5" (with its ReLU), "features.denseblock3", "features.transition2", "layer4" (its last
// block), "layer3.1". Throws Error(input) with the names that there are.
Value layer_of(const Graph& graph, const std::string& name);
// Those names, from the input to the head.
std::vector<std::string> layer_names(const Graph& graph);

}  // namespace thorax::explain
