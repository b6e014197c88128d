// The classifier head, f32 plain. Sums run in double in a fixed order: the same bits for any number of threads.
#pragma once

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// y = x W^T + bias. x: [N,in], weight: [out,in], bias: [out], y: [N,out] overwritten.
void linear_forward(const Stream& stream, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y);

// dx = or += dy W. dy: [N,out], dx: [N,in].
void linear_backward_data(const Stream& stream, const Tensor& dy, const Tensor& weight, const Tensor& dx, bool accumulate);

// dweight = or += dy^T x, dbias = or += the column sums of dy.
void linear_backward_weights(const Stream& stream, const Tensor& x, const Tensor& dy, const Tensor& dweight, const Tensor& dbias, bool accumulate);

}  // namespace thorax
