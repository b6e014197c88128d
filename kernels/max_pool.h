// Max pooling, floor mode, -inf padding.
#pragma once

#include "tensor/slice.h"
#include "tensor/stream.h"

namespace thorax {

struct Window {
  int64_t kernel = 2;
  int64_t stride = 2;
  int64_t pad = 0;
  int64_t out(int64_t size) const { return (size + 2 * pad - kernel) / stride + 1; }
};

// x: [N,C,H,W] blocked -> y: [N,C,H',W'], overwritten; index: u8, the shape of y: which of the window's kernel*kernel cells, row by
// row, holds the maximum (the first of several; a NaN is the maximum, as in PyTorch).
void max_pool_forward(const Stream& stream, const Tensor& x, const Window& window, const Tensor& y, const Tensor& index);

// dx = or += the gradient: gathered per input pixel over the windows that contain it, so that every element is written once and no
// order of threads can change it.
void max_pool_backward(const Stream& stream, const Tensor& dy, const Tensor& index, const Window& window, const Tensor& dx, bool accumulate);

}  // namespace thorax
