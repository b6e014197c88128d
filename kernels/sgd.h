// Stochastic gradient descent with momentum and weight decay, as torch.optim.SGD (no dampening, no Nesterov).
#pragma once

#include <cstdint>

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// Read from memory at every step, so that a captured plan can be replayed with other values.
struct SgdScalars {
  float lr = 0;
  float momentum = 0;
  float weight_decay = 0;
  int32_t first = 1;         // not 0: momentum's memory is not read, it begins as the gradient
  float gradient_scale = 1;  // of a gradient that is clipped, or carries a loss scale
  int32_t skip = 0;          // not 0: nothing changes
};

// scalars: in the memory of the stream's device. gradient, parameter, momentum: flat, plain f32 of one shape. Per element, with
// PyTorch's roundings:
//   d = gradient_scale * gradient + weight_decay * parameter;  momentum = first ? d : scalars.momentum * momentum + d;  parameter
//   -= lr * momentum
// Updates parameter and momentum in place, or leaves both with skip. Throws Error(defect) when a shape, layout or dtype differs.
void sgd_update(const Stream& stream, const Tensor& gradient, const SgdScalars* scalars, const Tensor& parameter,
                const Tensor& momentum);

}  // namespace thorax
