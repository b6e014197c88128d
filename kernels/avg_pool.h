// Average pooling.
#pragma once

#include "kernels/max_pool.h"

namespace thorax {

// x: [N,C,H,W] blocked -> y: [N,C,H',W'], overwritten; no padding, floor mode.
void avg_pool_forward(const Stream& stream, const Tensor& x, const Window& window, const Tensor& y);
// dx = or += the gradient; a pixel in no window gets 0.
void avg_pool_backward(const Stream& stream, const Tensor& dy, const Window& window, const Tensor& dx, bool accumulate);

// x: [N,C,H,W] blocked -> y: [N,C] f32 plain, the mean over the pixels, overwritten.
void global_avg_pool_forward(const Stream& stream, const Tensor& x, const Tensor& y);
// dy: [N,C] f32 plain -> dx = or += dy / (H*W) in every pixel.
void global_avg_pool_backward(const Stream& stream, const Tensor& dy, const Tensor& dx, bool accumulate);

}  // namespace thorax
