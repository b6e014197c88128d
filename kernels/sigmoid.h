#pragma once

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// x: logits, y: probabilities, plain f32 of one shape, usually [N,C]. y = 1 / (1 + exp(-x)), without overflow; y may be x's
// memory. Throws Error(defect) when a shape, layout or dtype differs.
void sigmoid_forward(const Stream& stream, const Tensor& x, const Tensor& y);

// y: the output. dx = dy * y * (1 - y), or added to it. All plain f32 of one shape.
void sigmoid_backward(const Stream& stream, const Tensor& y, const Tensor& dy, const Tensor& dx, bool accumulate);

}  // namespace thorax
