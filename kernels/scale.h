#pragma once

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// factor: a scalar; x, y: plain f32 of one shape. y = factor * x, or y += factor * x.
// Throws Error(defect) when a shape, layout or dtype differs.
void scale(const Stream& stream, const Tensor& factor, const Tensor& x, const Tensor& y, bool accumulate);

}  // namespace thorax
