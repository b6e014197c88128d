// How far a kernel's result may lie from a naive loop in double precision. One table for all kernels:
//   stored in   of the result itself   of each fp32 rounding on the way there
//   f32         2^-23 (one unit)       2^-23 of the magnitude of the terms
//   bf16        2^-8 (half a unit)     2^-23 of the magnitude of the terms
//   f16         2^-11 (half a unit), or 2^-25 of a subnormal
// A long sum has as many roundings on the way as one of its fp32 accumulators has terms; those that are merged in double count
// once.
#pragma once

#include <cmath>

#include "tensor/element.h"

namespace thorax::test {

inline double tolerance(DType stored, double expected, double terms, double magnitude) {
  return rounding_of(stored, expected) + terms * magnitude * 0x1p-23;
}

// NaN is close to nothing.
inline bool close(double actual, double expected, DType stored, double terms = 1, double magnitude = 1) {
  return std::abs(actual - expected) <= tolerance(stored, expected, terms, magnitude);
}

}  // namespace thorax::test
