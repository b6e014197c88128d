// From the loader's grey bytes to the network's input.
#pragma once

#include "kernels/augment_math.h"
#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// x: [N,1,H,W], plain u8; y: [N,1,H,W], plain f32, bf16 or f16. y = (x / 255 - mean) / deviation, each operation rounded to
// float, as torchvision's ToTensor and Normalize do; then to y's dtype. moves: [N] in the memory of the stream's device, or null:
// image n is first moved by its map, rounded to bytes, as the loader would; H = W then. Overwrites y. Throws Error(defect) when a
// shape, layout or dtype differs, or when deviation is not positive.
void normalize(const Stream& stream, const Tensor& x, float mean, float deviation, const Tensor& y,
               const SampleMap* moves = nullptr);

}  // namespace thorax
