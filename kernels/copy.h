#pragma once

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// The bytes of `to` become those of `from`, which has as many; both in the memory of the stream's device.
void copy_bytes(const Stream& stream, const Tensor& from, const Tensor& to);

}  // namespace thorax
