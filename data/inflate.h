// Deflated bytes (RFC 1951) as gzip files and zip archives hold them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace thorax::data {

enum class Deflated { gzip, raw };

// Whether a file begins as gzip does.
bool is_gzip(std::string_view bytes);

// All of it; several gzip members one behind the other are one text. Memory grows with what really comes out, never with what a
// header says. Throws Error(input) that begins with `where`: damaged, cut off, or more than `most` bytes.
std::string inflate(std::string_view bytes, Deflated kind, size_t most, const std::string& where);

// CRC-32 of gzip and zip (ISO 3309).
uint32_t crc32_of(std::string_view bytes);

}  // namespace thorax::data
