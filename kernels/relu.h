#pragma once

#include "tensor/slice.h"
#include "tensor/stream.h"

namespace thorax {

// x, y: [N,C,H,W], f32, bf16 or f16, the same dtype. y = max(x, 0); a NaN stays NaN; y may be x's memory. Overwrites y.
// Throws Error(defect) when a shape, layout or dtype differs.
void relu_forward(const Stream& stream, const Slice& x, const Slice& y);

// y: the output. dy, y, dx: [N,C,H,W], the same dtype. dx = dy where y > 0, 0 elsewhere: overwritten, or added to.
// dx may be dy's memory.
void relu_backward(const Stream& stream, const Slice& dy, const Slice& y, const Slice& dx, bool accumulate);

}  // namespace thorax
