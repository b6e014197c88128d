// The sum of two branches, with or without a ReLU behind it (the end of a residual block).
#pragma once

#include "tensor/slice.h"
#include "tensor/stream.h"

namespace thorax {

// a, b, y: [N,C,H,W], f32, bf16 or f16, the same dtype. y = a + b; y may be a's or b's memory. Overwrites y.
// Throws Error(defect) when a shape, layout or dtype differs.
void add_forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y);

// y = max(a + b, 0); a NaN stays NaN.
void add_relu_forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y);

// dy, da, db: [N,C,H,W], the same dtype. da and db each become dy, or have it added; da is done before db, so that
// both may be one gradient (x + x) when db accumulates. da or db without data is left out.
void add_backward(const Stream& stream, const Slice& dy, const Slice& da, bool accumulate_a, const Slice& db, bool accumulate_b);

// The same, with dy where y > 0 and 0 elsewhere. y: the output of add_relu_forward.
void add_relu_backward(const Stream& stream, const Slice& dy, const Slice& y, const Slice& da, bool accumulate_a, const Slice& db,
                       bool accumulate_b);

}  // namespace thorax
