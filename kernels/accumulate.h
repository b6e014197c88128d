// Plain fp32 arrays.
#pragma once

#include <cstdint>

#include "tensor/stream.h"

namespace thorax {

// to[i] += from[i] for i in [0, count).
void accumulate(const Stream& stream, const float* from, float* to, int64_t count);

}  // namespace thorax
