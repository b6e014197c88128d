// A Tensor is a view: an address, a logical shape, an element type and a memory layout. It owns nothing (see buffer.h).
#pragma once

#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace thorax {

// How the elements lie in memory. Logically an activation is always [N,C,H,W].
//   plain    row-major in the order of the shape
//   blocked  [N, C/b, H, W, b]: the CPU's activations, b = channel_block() of the instruction set in use (16 or 8)
//   nhwc     [N, H, W, C]: the GPU's activations
enum class Layout : uint8_t { plain, blocked, nhwc };

struct Tensor {
  void* data = nullptr;
  Shape shape;
  DType dtype = DType::f32;
  Layout layout = Layout::plain;

  int64_t count() const { return shape.count(); }
  size_t bytes() const { return static_cast<size_t>(count()) * size_of(dtype); }
  explicit operator bool() const { return data != nullptr; }

  // Throws when the dtype is not T's: a wrong cast is a defect, never a silent reinterpretation.
  template <class T>
  T* as() const;
};

template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return DType::f32;
}
template <>
constexpr DType dtype_of<bf16>() {
  return DType::bf16;
}
template <>
constexpr DType dtype_of<f16>() {
  return DType::f16;
}
template <>
constexpr DType dtype_of<uint8_t>() {
  return DType::u8;
}
template <>
constexpr DType dtype_of<int64_t>() {
  return DType::i64;
}

// Out of line, and as() and Slice::at() always inline: objects compiled for one instruction set must not define code that the
// whole program shares (tests/isa_symbols.cmake).
[[noreturn]] void refuse_type(const Tensor& tensor, DType read_as);

template <class T>
[[gnu::always_inline]] inline T* Tensor::as() const {
  if (dtype != dtype_of<T>()) refuse_type(*this, dtype_of<T>());
  return static_cast<T*>(data);
}

}  // namespace thorax
