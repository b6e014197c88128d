// Between the plain layout and the CPU's channel blocks: used at the edges alone (maps out, tests).
#pragma once

#include "tensor/slice.h"

namespace thorax {

// plain: [N,C,H,W] f32 -> blocked: the same shape, f32 or bf16, overwritten; and back.
void to_blocked(const Tensor& plain, const Tensor& blocked);
void to_plain(const Tensor& blocked, const Tensor& plain);

}  // namespace thorax
