// The arithmetic of one parameter's update, on floats or vectors. Rounded step by step as PyTorch's CPU code rounds: an fma where
// its `add(..., alpha)` has one.
#pragma once

#include "kernels/sgd.h"

namespace thorax::math {

template <class V, class Fma>
void sgd(V& p, V g, V& m, V lr, V momentum, V weight_decay, bool first, const Fma& fma) {
  const V d = fma(weight_decay, p, g);
  m = first ? d : momentum * m + d;
  p = fma(-lr, m, p);
}

}  // namespace thorax::math
