#pragma once

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// All bytes of x become 0.
void set_zero(const Stream& stream, const Tensor& x);

}  // namespace thorax
