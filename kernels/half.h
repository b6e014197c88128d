// fp16 on processors, which have no convolutions of it: numbers to fp32 and back.
#pragma once

#include <cstdint>

#include "tensor/dtype.h"
#include "tensor/stream.h"

namespace thorax {

// from, to: [count] each. Overwrites to. half_to_single is exact, single_to_half rounds to nearest even.
void half_to_single(const Stream& stream, const f16* from, float* to, int64_t count);
void single_to_half(const Stream& stream, const float* from, f16* to, int64_t count);

}  // namespace thorax
