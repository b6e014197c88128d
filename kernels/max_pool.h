// Max pooling over square windows, as torch.nn.MaxPool2d with ceil_mode False.
#pragma once

#include "kernels/window.h"
#include "tensor/slice.h"
#include "tensor/stream.h"

namespace thorax {

// x: [N,C,H,W] and y: [N,C,Ho,Wo], f32, bf16 or f16, the same dtype. index: [N,C,Ho,Wo], u8, all of C: which of the
// window's kernel*kernel cells (row-major) was taken. Padding is never taken; of equal values the first is; a NaN in the window
// gives NaN, and the last NaN's cell. kernel <= 15, pad <= kernel/2. Overwrites y and index.
// Throws Error(defect) when a shape, layout or dtype differs.
void max_pool_forward(const Stream& stream, const Slice& x, const Window& window, const Slice& y, const Tensor& index);

// dy: [N,C,Ho,Wo], dx: [N,C,H,W], the same dtype. Each dx is gathered from the windows that contain it and written
// once: deterministic for any number of threads. Overwrites dx, or adds to it.
void max_pool_backward(const Stream& stream, const Slice& dy, const Tensor& index, const Window& window, const Slice& dx,
                       bool accumulate);

}  // namespace thorax
