// Whether the bytes of a file are a whole PNG or JPEG: what the decoder itself does not look at.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace thorax::data {

enum class Format : uint8_t { png, jpeg, other };

// By the first bytes.
Format format_of(std::span<const uint8_t> bytes);

struct Size {
  int64_t height;
  int64_t width;
};

// From the header, where bytes (a file, or its beginning) hold it.
std::optional<Size> size_of(std::span<const uint8_t> bytes, Format format);

// Empty, or what is wrong. To be asked before the decoder sees a byte. PNG: the chunks follow each other to IEND, each with its
// checksum. JPEG: the segments and the scans follow each other to the end marker (the decoder would fill what is missing with
// grey and say nothing), and the Huffman tables are as large as they say. What comes after the end is of no interest.
std::string why_not_whole(std::span<const uint8_t> bytes, Format format);

// The same from the end of a file alone, in no time: true where the end marker is among the last 4 KiB.
bool ends_well(std::span<const uint8_t> bytes, Format format);

}  // namespace thorax::data
