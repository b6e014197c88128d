// The marker segments of JPEG and JPEG-LS data (ITU-T T.81 annex B, T.87 annex C), without a look at what is coded.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace thorax::data::jpeg {

constexpr uint8_t huffman_tables = 0xC4;
constexpr uint8_t start_of_image = 0xD8;
constexpr uint8_t end_of_image = 0xD9;
constexpr uint8_t start_of_scan = 0xDA;
constexpr uint8_t number_of_lines = 0xDC;
constexpr uint8_t restart_interval = 0xDD;
constexpr uint8_t jpeg_ls_frame = 0xF7;
constexpr uint8_t jpeg_ls_parameters = 0xF8;

struct Segment {
  uint8_t marker;
  size_t begin;
  std::span<const uint8_t> data;  // behind the length
};

// The next segment from `at` on, which moves behind it. Markers are FF and a byte from `least` on, FF excepted; JPEG-LS codes
// bits of its own behind FF, all below 80. Segments carry a length of two bytes (itself included), the end marker none; the
// coded data of a scan, which follows its segment, has no length, and runs to the next marker that is no restart marker.
// Nothing: the bytes end before.
std::optional<Segment> next_segment(std::span<const uint8_t> bytes, size_t& at, uint8_t least = 1);

// The tables of a DHT segment: each a byte, the number of codes of 1 to 16 bits, and a value per code, at most 256. Decoders
// believe these numbers and write beyond their tables when they are larger.
bool huffman_tables_fit(std::span<const uint8_t> segment);

// Frame headers are C0 to CF, but for Huffman tables (C4), extensions (C8) and arithmetic conditioning (CC).
bool is_frame(uint8_t marker);

}  // namespace thorax::data::jpeg
