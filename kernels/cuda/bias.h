#pragma once

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax::cuda {

// dy: [N,out], dbias: [out], plain f32: the sum over N, in order; written or added to.
void sum_rows(const Stream& stream, const Tensor& dy, const Tensor& dbias, bool accumulate);

}  // namespace thorax::cuda
