// One score out of many, as a loss that backward can begin with.
#pragma once

#include <string>

#include "tensor/graph.h"

namespace thorax::explain {

// The sum of x * weight, a scalar; x and weight: plain f32 of one shape, weight without gradient.
Value dot(Graph& g, const std::string& name, Value x, Value weight);

}  // namespace thorax::explain
