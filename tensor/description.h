// A graph in evaluation mode as a list of textbook operations, for exporters. The words are ONNX's: operator names, attributes
// and the order of inputs as in opset 17 (onnx.ai/onnx/operators). Every Op tells in describe() what it computes, however it does
// it.
#pragma once

#include <list>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tensor/graph.h"
#include "tensor/store.h"

namespace thorax {

struct NodeAttribute {
  std::string name;
  std::variant<int64_t, float, std::vector<int64_t>> value;
};

struct Node {
  std::string type;                 // "Conv", "Relu", ...
  std::string output;               // also the node's name; unique
  std::vector<std::string> inputs;  // outputs of earlier nodes, inputs of the graph, constants
  std::vector<NodeAttribute> attributes;
};

class Description {
 public:
  // graph: made for evaluation. store: its parameters; both have to outlive this object. Throws Error(defect) for an op that has
  // no describe().
  Description(const Graph& graph, const Store& store);

  const std::vector<Node>& nodes() const { return nodes_; }
  // Parameters, states and what ops made of them, as far as nodes use them; plain, f32 or i64.
  const std::vector<std::pair<std::string, Tensor>>& constants() const { return constants_; }

  // For ops. The name under which later nodes find a value; a parameter becomes a constant.
  std::string of(Value v);
  void set(Value output, const std::string& name) { names_[output.id] = name; }
  const ValueInfo& info(Value v) const { return graph_.info(v); }
  // Adds a node and returns the name of its output.
  std::string node(const std::string& type, const std::string& output, std::vector<std::string> inputs,
                   std::vector<NodeAttribute> attributes = {});
  // A constant of the op's own, f32.
  std::string constant(const std::string& name, const Shape& shape, std::vector<float> values);
  Tensor parameter(Value v) const { return store_.find(info(v).name); }

 private:
  const Graph& graph_;
  const Store& store_;
  std::vector<Node> nodes_;
  std::vector<std::pair<std::string, Tensor>> constants_;
  std::list<std::vector<float>> made_;
  std::map<int, std::string> names_;
};

}  // namespace thorax
