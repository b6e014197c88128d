// zlib behind a header of ours: raw deflate (RFC 1951) and the CRC-32 of zip files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thorax::weights {

// The bytes that packed stands for, which must be exactly `size` and use all of packed. The caller has checked that size is
// not out of proportion. what: for the error (Fault::input).
std::vector<std::byte> inflate(std::span<const std::byte> packed, size_t size, const std::string& what);

uint32_t crc32(std::span<const std::byte> bytes);

}  // namespace thorax::weights
