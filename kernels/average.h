// The moving average of weights (Polyak & Juditsky 1992, with exponential forgetting).
#pragma once

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// value, average: flat, plain f32 of one shape. average += *weight * (value - average); weight: 1 - decay, read from memory at
// every step. Throws Error(defect) when a shape, layout or dtype differs.
void average_update(const Stream& stream, const Tensor& value, const float* weight, const Tensor& average);

}  // namespace thorax
