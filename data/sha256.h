// SHA-256 (FIPS 180-4).
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace thorax::data {

// 64 hexadecimal digits.
std::string sha256(std::span<const uint8_t> bytes);

}  // namespace thorax::data
