// The sum of squares that a gradient's norm is made of.
#pragma once

#include <cstdint>

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// Elements of a partial sum.
constexpr int64_t square_sum_piece = 16384;

// How many partial sums square_sum() has for count elements.
constexpr int64_t square_sum_parts(int64_t count) {
  return (count + square_sum_piece - 1) / square_sum_piece;
}

// x: flat, plain f32. parts: [square_sum_parts(x.count())], overwritten: the sums of squares of x's pieces, in double, in an
// order that neither the number of threads nor the instruction set changes. Throws Error(defect) when x has another layout or
// dtype.
void square_sum(const Stream& stream, const Tensor& x, double* parts);

}  // namespace thorax
