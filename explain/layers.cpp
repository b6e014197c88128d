#include "explain/layers.h"

#include <algorithm>

namespace thorax::explain {

namespace {

const Op* maker_of(const Graph& graph, Value value) {
  for (const auto& op : graph.ops()) {
    if (std::find(op->outputs().begin(), op->outputs().end(), value) != op->outputs().end()) return op.get();
  }
  return nullptr;
}

// The name of the layer whose output this is; empty for all but activations.
std::string layer_name(const ValueInfo& v) {
  if (v.role != Role::activation || !v.differentiable || v.shape.rank() != 4) return {};
  const size_t end = v.name.rfind(".out");
  return end != std::string::npos && end + 4 == v.name.size() ? v.name.substr(0, end) : v.name;
}

// "layer4.2" -> "layer4": the stages of a ResNet are called by their last block.
std::string stage_name(const std::string& layer) {
  return layer.rfind("layer", 0) == 0 ? layer.substr(0, layer.find('.')) : std::string();
}

}  // namespace

Head head_of(const Graph& graph, Value logits) {
  const Op* linear = maker_of(graph, logits);
  if (linear == nullptr || linear->inputs().size() != 3) throw Error(Fault::defect, "explain: the logits are no linear layer's");
  const Op* pool = maker_of(graph, linear->inputs()[0]);
  if (pool == nullptr || pool->inputs().size() != 1 || graph.info(pool->inputs()[0]).shape.rank() != 4)
    throw Error(Fault::defect, "explain: there is no global pooling before the last layer");
  return {pool->inputs()[0], linear->inputs()[1]};
}

std::vector<std::string> layer_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const auto& op : graph.ops()) {
    for (const Value v : op->outputs()) {
      const std::string name = layer_name(graph.info(v));
      if (name.empty()) continue;
      const std::string stage = stage_name(name);
      // What lies inside a block (a convolution without its batch norm) is no layer that anybody explains.
      if (stage.empty() ? std::count(name.begin(), name.end(), '.') <= 1 : std::count(name.begin(), name.end(), '.') == 1)
        names.push_back(name);
    }
  }
  return names;
}

Value layer_of(const Graph& graph, const std::string& name) {
  const std::vector<std::string> names = layer_names(graph);
  const auto wanted = [&](const std::string& layer) { return layer == name || stage_name(layer) == name; };
  Value found;
  for (size_t i = 0; i < graph.values().size(); ++i) {
    const std::string layer = layer_name(graph.values()[i]);
    if (!layer.empty() && wanted(layer) && std::find(names.begin(), names.end(), layer) != names.end())
      found = Value{static_cast<int>(i)};
  }
  if (found) return found;
  throw Error(Fault::input, str("no layer is named \"", name, "\""), "the layers are: " + joined(names));
}

}  // namespace thorax::explain
