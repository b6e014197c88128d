// Elementwise sums of activations, f32 or bf16, blocked.
#pragma once

#include "tensor/slice.h"
#include "tensor/stream.h"

namespace thorax {

// y = a + b; y may be a or b.
void add_forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y);

// y = relu(a + b): the end of a residual block.
void add_relu_forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y);

// dx = or += dy where y > 0, else 0: the gradient of a ReLU, and of both inputs of add_relu, from its output y.
void relu_backward(const Stream& stream, const Slice& y, const Slice& dy, const Slice& dx, bool accumulate);

}  // namespace thorax
