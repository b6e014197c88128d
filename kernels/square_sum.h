// The sum of squares that a gradient's norm is made of.
#pragma once

#include <cstdint>

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// How many partial sums square_sum() has for count elements.
constexpr int64_t square_sum_parts(int64_t count) {
  constexpr int64_t piece = 16384;
  return (count + piece - 1) / piece;
}

// x: flat, plain f32. Sums in double, in an order that neither the number of threads nor the instruction set changes. parts:
// [square_sum_parts(x.count())], overwritten. Throws Error(defect) when x has another layout or dtype.
double square_sum(const Stream& stream, const Tensor& x, double* parts);

}  // namespace thorax
