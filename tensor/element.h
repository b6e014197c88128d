// One element of a tensor of real numbers, whatever its type: for edges and tests, not for kernels.
#pragma once

#include "tensor/tensor.h"

namespace thorax {

// f(float{}), f(bf16{}) or f(f16{}), by the element type.
template <class F>
void with_real(DType dtype, const F& f) {
  if (dtype == DType::bf16) {
    f(bf16{});
  } else if (dtype == DType::f16) {
    f(f16{});
  } else {
    f(float{});
  }
}

inline void assign(float& to, float value) {
  to = value;
}
inline void assign(bf16& to, float value) {
  to = to_bf16(value);
}
inline void assign(f16& to, float value) {
  to = to_f16(value);
}

// t: f32, bf16 or f16, in the host's memory; i: counted as it lies there.
inline float element(const Tensor& t, int64_t i) {
  float value = 0;
  with_real(t.dtype, [&]<class T>(T) { value = to_float(t.as<T>()[i]); });
  return value;
}
inline void set_element(const Tensor& t, int64_t i, float value) {
  with_real(t.dtype, [&]<class T>(T) { assign(t.as<T>()[i], value); });
}

// What memory holds after value was stored as this type.
inline float rounded(DType dtype, float value) {
  with_real(dtype, [&]<class T>(T stored) {
    assign(stored, value);
    value = to_float(stored);
  });
  return value;
}

// How far a value may move when it is stored: half a unit in the last place of a 16-bit type, a whole one of f32.
inline double rounding_of(DType stored, double value) {
  const double size = value < 0 ? -value : value;
  if (stored == DType::bf16) return size * 0x1p-8;
  if (stored == DType::f16) return size * 0x1p-11 + 0x1p-25;
  return size * 0x1p-23;
}

}  // namespace thorax
