#include "tensor/description.h"

namespace thorax {

void Op::describe(Description&) const {
  throw Error(Fault::defect, str(name_, ": this operation cannot be exported: it does not describe itself"));
}

Description::Description(const Graph& graph, const Store& store) : graph_(graph), store_(store) {
  for (const auto& op : graph.ops()) op->describe(*this);
}

std::string Description::of(Value v) {
  const ValueInfo& value = info(v);
  const auto known = names_.find(v.id);
  if (known != names_.end()) return known->second;
  if (value.role == Role::activation) throw Error(Fault::defect, str("description: ", value.name, " is used before it is made"));
  if (value.role != Role::input) constants_.emplace_back(value.name, parameter(v));
  names_[v.id] = value.name;
  return value.name;
}

std::string Description::node(const std::string& type, const std::string& output, std::vector<std::string> inputs,
                              std::vector<NodeAttribute> attributes) {
  nodes_.push_back({type, output, std::move(inputs), std::move(attributes)});
  return output;
}

std::string Description::constant(const std::string& name, const Shape& shape, std::vector<float> values) {
  std::vector<float>& kept = made_.emplace_back(std::move(values));
  constants_.emplace_back(name, Tensor{kept.data(), shape, DType::f32, Layout::plain});
  return name;
}

}  // namespace thorax
