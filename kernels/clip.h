// Clipping by the global norm (Pascanu, Mikolov & Bengio: On the difficulty of training recurrent neural networks, ICML 2013).
#pragma once

#include "kernels/sgd.h"

namespace thorax {

// parts: [count], the sums of squares that square_sum() left for the gradients of all groups. norm: the root of their sum, in a
// fixed order. scalars: [groups]; each one's gradient_scale becomes limit / norm where that is below 1, else 1. All of it is in
// memory that the stream's device can reach.
void clip(const Stream& stream, const double* parts, int64_t count, double limit, double* norm, SgdScalars* scalars,
          int64_t groups);

}  // namespace thorax
