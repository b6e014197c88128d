// From the loader's bytes to the network's input.
#pragma once

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// y = (x/255 - mean) / std, computed as x * (1/(255*std)) - mean/std with the two constants rounded from double. x: [N,1,H,W] u8
// plain; y: the same shape, f32 or bf16 plain, overwritten.
void normalize_forward(const Stream& stream, const Tensor& x, float mean, float std, const Tensor& y);

}  // namespace thorax
