// Element types. bf16 is the upper half of an IEEE float, rounded to nearest even.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <ostream>

namespace thorax {

enum class DType : uint8_t { f32, bf16, f16, u8, i64 };

constexpr size_t size_of(DType t) {
  switch (t) {
    case DType::f32: return 4;
    case DType::bf16:
    case DType::f16: return 2;
    case DType::u8: return 1;
    case DType::i64: return 8;
  }
  return 0;
}

constexpr const char* name_of(DType t) {
  switch (t) {
    case DType::f32: return "f32";
    case DType::bf16: return "bf16";
    case DType::f16: return "f16";
    case DType::u8: return "u8";
    case DType::i64: return "i64";
  }
  return "?";
}

inline std::ostream& operator<<(std::ostream& out, DType t) {
  return out << name_of(t);
}

struct bf16 {
  uint16_t bits;
};

inline float to_float(bf16 x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x.bits) << 16);
}
inline float to_float(float x) {
  return x;
}

// Round to nearest, ties to even; a NaN stays a NaN.
inline bf16 to_bf16(float x) {
  const auto u = std::bit_cast<uint32_t>(x);
  if ((u & 0x7fffffffU) > 0x7f800000U) return {static_cast<uint16_t>((u >> 16) | 0x40U)};
  return {static_cast<uint16_t>((u + 0x7fffU + ((u >> 16) & 1U)) >> 16)};
}

}  // namespace thorax
