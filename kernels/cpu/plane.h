// The unit of work of the kernels without sums over images: one image's one channel block, H*W vectors that lie side by side.
#pragma once

#include "kernels/cpu/simd.h"
#include "tensor/slice.h"

namespace thorax::cpu::THORAX_ISA {

inline int64_t planes(const Slice& s) {
  return s.images * (s.channels / block);
}

template <class T>
T* plane(const Slice& s, int64_t i) {
  const int64_t groups = s.channels / block;
  return s.at<T>(i / groups) + (i % groups) * s.pixels() * block;
}

// f(float{}), f(bf16{}) or f(f16{}), by the element type.
template <class F>
void with_type(DType dtype, const F& f) {
  if (dtype == DType::bf16) {
    f(bf16{});
  } else if (dtype == DType::f16) {
    f(f16{});
  } else {
    f(float{});
  }
}

// p = v, or p += v.
template <class T>
void put(T* p, Vec v, bool accumulate) {
  store(p, accumulate ? load(p) + v : v);
}

}  // namespace thorax::cpu::THORAX_ISA
