#include "data/container.h"

#include <algorithm>
#include <array>

#include "data/jpeg_segments.h"
#include "tensor/error.h"

namespace thorax::data {

namespace {

constexpr std::array<uint8_t, 8> png_signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
constexpr std::array<uint8_t, 8> png_end{'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82};  // the last chunk has no data: one checksum
constexpr std::array<uint8_t, 2> jpeg_end{0xFF, jpeg::end_of_image};

bool begins_with(std::span<const uint8_t> bytes, std::span<const uint8_t> what) {
  return bytes.size() >= what.size() && std::equal(what.begin(), what.end(), bytes.begin());
}

uint32_t big_endian(std::span<const uint8_t> b) {
  return static_cast<uint32_t>(b[0]) << 24 | static_cast<uint32_t>(b[1]) << 16 | static_cast<uint32_t>(b[2]) << 8 | b[3];
}

// CRC-32 of PNG (ISO 3309), by a table.
uint32_t crc32(std::span<const uint8_t> bytes) {
  static const auto table = [] {
    std::array<uint32_t, 256> t{};
    for (uint32_t i = 0; i < 256; ++i) {
      t[i] = i;
      for (int k = 0; k < 8; ++k) t[i] = (t[i] & 1U) != 0 ? 0xEDB88320U ^ t[i] >> 1 : t[i] >> 1;
    }
    return t;
  }();
  uint32_t crc = 0xFFFFFFFFU;
  for (uint8_t b : bytes) crc = table[(crc ^ b) & 0xFFU] ^ crc >> 8;
  return ~crc;
}

std::string ends_early(const char* format, size_t bytes) {
  return str(format, " data ends after ", bytes, " bytes, before the image does");
}

std::string png_fault(std::span<const uint8_t> bytes) {
  size_t at = png_signature.size();
  for (;;) {
    if (bytes.size() - at < 12) return ends_early("PNG", bytes.size());
    const size_t length = big_endian(bytes.subspan(at));
    if (length > bytes.size() - at - 12) return ends_early("PNG", bytes.size());
    const auto named = bytes.subspan(at + 4, length + 4);
    if (crc32(named) != big_endian(bytes.subspan(at + 8 + length)))
      return str("PNG data is damaged: wrong checksum at byte ", at);
    if (begins_with(named, std::span(png_end).first(4))) return {};
    at += length + 12;
  }
}

std::string jpeg_fault(std::span<const uint8_t> bytes) {
  constexpr int most_scans = 100;  // progressive files of many empty scans take hours
  int scans = 0;
  size_t at = 2;
  while (const auto segment = jpeg::next_segment(bytes, at)) {
    if (segment->marker == jpeg::end_of_image) return scans > 0 ? std::string() : "JPEG file without an image";
    if (segment->marker == jpeg::start_of_scan && ++scans > most_scans)
      return str("JPEG file of more than ", most_scans, " scans");
    if (segment->marker == jpeg::huffman_tables && !jpeg::huffman_tables_fit(segment->data)) {
      return str("JPEG data is damaged: wrong Huffman tables at byte ", segment->begin);
    }
  }
  return ends_early("JPEG", bytes.size());
}

}  // namespace

Format format_of(std::span<const uint8_t> bytes) {
  constexpr std::array<uint8_t, 3> jpeg_signature{0xFF, 0xD8, 0xFF};
  if (begins_with(bytes, png_signature)) return Format::png;
  return begins_with(bytes, jpeg_signature) ? Format::jpeg : Format::other;
}

std::string why_not_whole(std::span<const uint8_t> bytes, Format format) {
  if (bytes.empty()) return "the file is empty";
  if (format == Format::other) return "neither a PNG nor a JPEG nor a DICOM file";
  return format == Format::png ? png_fault(bytes) : jpeg_fault(bytes);
}

std::optional<Size> size_of(std::span<const uint8_t> bytes, Format format) {
  if (format == Format::png && bytes.size() >= 24) return Size{big_endian(bytes.subspan(20)), big_endian(bytes.subspan(16))};
  if (format != Format::jpeg) return std::nullopt;
  size_t at = 2;
  while (const auto segment = jpeg::next_segment(bytes, at)) {
    const auto d = segment->data;
    if (segment->marker == jpeg::end_of_image || segment->marker == jpeg::start_of_scan) return std::nullopt;
    if (jpeg::is_frame(segment->marker) && d.size() >= 5) return Size{d[1] << 8 | d[2], d[3] << 8 | d[4]};
  }
  return std::nullopt;
}

bool ends_well(std::span<const uint8_t> bytes, Format format) {
  const auto tail = bytes.last(std::min<size_t>(4096, bytes.size()));
  const auto end = format == Format::png ? std::span<const uint8_t>(png_end) : std::span<const uint8_t>(jpeg_end);
  return format != Format::other && std::search(tail.begin(), tail.end(), end.begin(), end.end()) != tail.end();
}

}  // namespace thorax::data
