// From the loader's grey bytes to the network's input.
#pragma once

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// x: [N,1,H,W], plain u8; y: [N,1,H,W], plain f32 or bf16. y = (x / 255 - mean) / deviation, each operation rounded to float, as
// torchvision's ToTensor and Normalize do; then to y's dtype. Overwrites y.
// Throws Error(defect) when a shape, layout or dtype differs, or when deviation is not positive.
void normalize(const Stream& stream, const Tensor& x, float mean, float deviation, const Tensor& y);

}  // namespace thorax
