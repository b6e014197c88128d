// The models by name: one line each in registry.cpp.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tensor/graph.h"

namespace thorax {

struct Model {
  std::string name;
  // x: [N,1 or 3,H,W] -> logits [N,classes].
  std::function<Value(Graph&, Value x, int64_t classes)> build;
};

const std::vector<Model>& models();
// "densenet121, densenet169, ..."
std::string model_names();

// Throws Error(input) that lists the names when there is no such model.
const Model& find_model(const std::string& name);

}  // namespace thorax
