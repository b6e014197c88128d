// Average pooling over square windows without padding, and over the whole image.
#pragma once

#include "kernels/window.h"
#include "tensor/slice.h"
#include "tensor/stream.h"

namespace thorax {

// x: [N,C,H,W] and y: [N,C,Ho,Wo], f32, bf16 or f16, the same dtype; summed in float. window.pad must be 0. Overwrites y.
// Throws Error(defect) when a shape, layout or dtype differs.
void avg_pool_forward(const Stream& stream, const Slice& x, const Window& window, const Slice& y);

// dy: [N,C,Ho,Wo], dx: [N,C,H,W], the same dtype. Overwrites dx (0 where no window reaches), or adds to it.
void avg_pool_backward(const Stream& stream, const Slice& dy, const Window& window, const Slice& dx, bool accumulate);

// x: [N,C,H,W], f32, bf16 or f16; y: [N,C], plain f32: the mean over H*W, summed in double. Overwrites y.
void global_avg_pool_forward(const Stream& stream, const Slice& x, const Tensor& y);

// dy: [N,C], plain f32; dx: [N,C,H,W], f32, bf16 or f16: dy/(H*W) everywhere. Overwrites dx, or adds to it.
void global_avg_pool_backward(const Stream& stream, const Tensor& dy, const Slice& dx, bool accumulate);

}  // namespace thorax
