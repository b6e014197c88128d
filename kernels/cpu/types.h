// From a run-time dtype to a compile-time element type.
#pragma once

#include "tensor/dtype.h"
#include "tensor/error.h"

namespace thorax::cpu::THORAX_ISA {

// f(T{}) with T = float or bf16.
template <class F>
void with_type(DType dtype, const F& f) {
  if (dtype == DType::f32) return f(float{});
  if (dtype == DType::bf16) return f(bf16{});
  throw Error(Fault::defect, str("cpu kernel: ", dtype, " where f32 or bf16 is expected"));
}

}  // namespace thorax::cpu::THORAX_ISA
