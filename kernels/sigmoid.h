// Probabilities from logits; any f32 plain shape.
#pragma once

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// y = 1 / (1 + exp(-x)), overwritten.
void sigmoid_forward(const Stream& stream, const Tensor& x, const Tensor& y);
// dx = or += dy * y * (1 - y).
void sigmoid_backward(const Stream& stream, const Tensor& y, const Tensor& dy, const Tensor& dx, bool accumulate);

}  // namespace thorax
