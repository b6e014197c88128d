#include "data/jpeg_segments.h"

#include <algorithm>

namespace thorax::data::jpeg {

namespace {

bool is_restart(uint8_t marker) {
  return marker >= 0xD0 && marker <= 0xD7;
}

}  // namespace

std::optional<Segment> next_segment(std::span<const uint8_t> bytes, size_t& at, uint8_t least) {
  while (at + 1 < bytes.size() &&
         !(bytes[at] == 0xFF && bytes[at + 1] >= least && bytes[at + 1] != 0xFF && !is_restart(bytes[at + 1])))
    ++at;
  if (at + 1 >= bytes.size()) return std::nullopt;
  const size_t begin = at;
  const uint8_t marker = bytes[at + 1];
  if (marker == end_of_image) {
    at += 2;
    return Segment{marker, begin, {}};
  }
  if (bytes.size() - at < 4) return std::nullopt;
  const size_t length = std::max<size_t>(2, static_cast<size_t>(bytes[at + 2]) << 8 | bytes[at + 3]);
  if (length > bytes.size() - at - 2) return std::nullopt;
  at += 2 + length;
  return Segment{marker, begin, bytes.subspan(begin + 4, length - 2)};
}

bool huffman_tables_fit(std::span<const uint8_t> segment) {
  while (!segment.empty()) {
    if (segment.size() < 17) return false;
    size_t codes = 0;
    for (uint8_t n : segment.subspan(1, 16)) codes += n;
    if (codes > 256 || segment.size() < 17 + codes) return false;
    segment = segment.subspan(17 + codes);
  }
  return true;
}

bool is_frame(uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

}  // namespace thorax::data::jpeg
