// Stochastic gradient descent with momentum, fused over flat arrays, as PyTorch has it (no dampening, no Nesterov).
#pragma once

#include <cstdint>

#include "tensor/stream.h"

namespace thorax {

// Read in every run from memory of the caller's, so that a plan (or a captured graph) can be replayed with other values.
struct SgdScalars {
  float lr = 0;
  float momentum = 0;
  float weight_decay = 0;
  int32_t first = 1;  // 1: there is no momentum yet, it becomes d itself
};

// d = gradient + weight_decay*p;  m = first ? d : momentum*m + d;  p -= lr*m.   parameters, momenta: [count], updated.
void sgd_update(const Stream& stream, float* parameters, const float* gradients, float* momenta, int64_t count, const SgdScalars* scalars);

}  // namespace thorax
