// Element types. bf16 is the upper half of an IEEE float; f16 is IEEE 754's binary16: 5 bits of exponent, subnormals from 2^-24,
// the largest 65504. Both are rounded to nearest even.
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

// What activations may be.
constexpr bool is_real(DType t) {
  return t == DType::f32 || t == DType::bf16 || t == DType::f16;
}

inline std::ostream& operator<<(std::ostream& out, DType t) {
  return out << name_of(t);
}

struct bf16 {
  uint16_t bits;
};
struct f16 {
  uint16_t bits;
};

inline float to_float(bf16 x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x.bits) << 16);
}
inline float to_float(f16 x) {
  const uint32_t sign = (x.bits & 0x8000U) << 16, magnitude = x.bits & 0x7fffU;
  if (magnitude < 0x400U) return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(static_cast<float>(magnitude) * 0x1p-24F));
  const uint32_t bias = magnitude < 0x7c00U ? (127U - 15U) << 23 : (255U - 31U) << 23;  // infinities and NaNs stay so
  return std::bit_cast<float>(sign | ((magnitude << 13) + bias));
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
inline f16 to_f16(float x) {
  const auto u = std::bit_cast<uint32_t>(x);
  const uint32_t sign = (u >> 16) & 0x8000U, magnitude = u & 0x7fffffffU;
  const auto with_sign = [&](uint32_t bits) { return f16{static_cast<uint16_t>(sign | bits)}; };
  if (magnitude > 0x7f800000U) return with_sign(0x7e00U);
  if (magnitude >= 0x477ff000U) return with_sign(0x7c00U);  // 65520, halfway to the first that there is no place for
  // Below 2^-14 the last place is 2^-24, as it is in a float next to 0.5: the addition rounds.
  if (magnitude < 0x38800000U)
    return with_sign(std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - std::bit_cast<uint32_t>(0.5F));
  return with_sign((magnitude - ((127U - 15U) << 23) + 0xfffU + ((magnitude >> 13) & 1U)) >> 13);
}

}  // namespace thorax
