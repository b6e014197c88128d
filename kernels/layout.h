// Conversions between the layouts, at the edges: inputs, maps, tests.
#pragma once

#include "tensor/slice.h"
#include "tensor/stream.h"

namespace thorax {

// x: [N,C,H,W], plain f32; y: [N,C,H,W], blocked, f32, bf16 or f16 (rounded to nearest even). Overwrites y.
// Throws Error(defect) when a shape, layout or dtype differs.
void plain_to_blocked(const Stream& stream, const Tensor& x, const Slice& y);

// x: [N,C,H,W], blocked, f32, bf16 or f16; y: [N,C,H,W], plain f32. Overwrites y.
void blocked_to_plain(const Stream& stream, const Slice& x, const Tensor& y);

}  // namespace thorax
