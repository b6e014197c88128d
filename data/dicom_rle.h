// RLE (PS3.5 annex G): the bytes of all samples of one significance form a segment, packed as in TIFF's PackBits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thorax::data {

// The header: as many segments as a sample has bytes, one behind the other within the data. Throws Error(input).
void check_rle(std::span<const uint8_t> data, int bytes_per_sample);

// samples: [count] of 1 or 2 bytes, little endian. Throws Error(input) where a segment ends before its samples do, or does not.
void decode_rle(std::span<const uint8_t> data, int bytes_per_sample, std::span<uint8_t> samples);

// The data of such an image, each row packed by itself as the standard wants it.
std::vector<uint8_t> encode_rle(std::span<const uint8_t> samples, size_t bytes_per_sample, size_t columns);

}  // namespace thorax::data
