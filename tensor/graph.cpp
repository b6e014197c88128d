#include "tensor/graph.h"

#include <algorithm>

namespace thorax {

Value Graph::add_value(ValueInfo info) {
  values_.push_back(std::move(info));
  return {static_cast<int>(values_.size()) - 1};
}

Value Graph::input(std::string name, Shape shape, DType dtype, Layout layout, bool differentiable) {
  return add_value({std::move(name), shape, dtype, layout, Role::input, {}, dtype, differentiable});
}

Value Graph::parameter(std::string name, Shape shape, Init init) {
  const auto same = [&](const ValueInfo& v) { return v.name == name; };
  if (std::any_of(values_.begin(), values_.end(), same)) throw Error(Fault::defect, str("graph: two values are named ", name));
  return add_value({std::move(name), shape, DType::f32, Layout::plain, Role::parameter, init, DType::f32, true});
}

Value Graph::state(std::string name, Shape shape, DType dtype, float initial) {
  return add_value({std::move(name), shape, dtype, Layout::plain, Role::state, {Init::Kind::constant, initial}, dtype, false});
}

Value Graph::output_of(Op& op, std::string name, Shape shape, DType dtype, Layout layout, bool differentiable) {
  const Value v = add_value({std::move(name), shape, dtype, layout, Role::activation, {}, dtype, differentiable});
  op.outputs_.push_back(v);
  return v;
}

void Graph::append(std::unique_ptr<Op> op) {
  for (Value v : op->inputs()) {
    if (v.id >= static_cast<int>(values_.size())) throw Error(Fault::defect, str(op->name(), ": an input is not of this graph"));
  }
  ops_.push_back(std::move(op));
}

}  // namespace thorax
