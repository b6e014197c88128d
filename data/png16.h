// Grey PNG of 16 bits, for measurements: heat maps keep more steps than 8 bits have.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace thorax::data {

// pixels: [height,width]. Throws Error(machine) without memory.
std::string encode_png16(std::span<const uint16_t> pixels, int64_t height, int64_t width);

}  // namespace thorax::data
