// The fully connected layer, as torch.nn.Linear. Everything is plain f32. The order of every sum is fixed: the same bits for any
// number of threads.
#pragma once

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// y = x W^T + bias. x: [N,in], weight: [out,in], bias: [out], y: [N,out]. Overwrites y.
// Throws Error(defect) when a shape, layout or dtype differs.
void linear_forward(const Stream& stream, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y);

// dx = dy W. dy: [N,out], weight: [out,in], dx: [N,in]. Overwrites dx, or adds to it.
void linear_backward_data(const Stream& stream, const Tensor& dy, const Tensor& weight, const Tensor& dx, bool accumulate);

// dW = dy^T x, db = the sum of dy over N. dy: [N,out], x: [N,in], dweight: [out,in], dbias: [out]. Overwrites both, or adds to
// both.
void linear_backward_weights(const Stream& stream, const Tensor& dy, const Tensor& x, const Tensor& dweight, const Tensor& dbias,
                             bool accumulate);

}  // namespace thorax
