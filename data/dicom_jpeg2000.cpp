#include <algorithm>
#include <optional>
#include <vector>

#include "data/dicom_codestream.h"
#include "data/dicom_elements.h"
#include "data/refuse.h"

namespace thorax::data {

namespace {

using Bytes = std::span<const uint8_t>;

constexpr uint16_t start_of_codestream = 0xFF4F;
constexpr uint16_t size_marker = 0xFF51;
constexpr uint16_t coding_style = 0xFF52;
constexpr uint16_t coding_style_of_component = 0xFF53;
constexpr uint16_t quantization = 0xFF5C;
constexpr uint16_t tile_part = 0xFF90;
constexpr uint16_t end_of_codestream = 0xFFD9;

uint16_t u16(Bytes d, size_t at) {
  return read_u16(d, at, true);
}
uint32_t u32(Bytes d, size_t at) {
  return read_u32(d, at, true);
}

struct Tiling {
  Coded coded;
  uint32_t tiles = 0;
};

// SIZ behind its length: capabilities, size and offset of the image, of a tile, then per component bits and sampling.
Tiling check_siz(const Dicom& dicom, Bytes d) {
  if (d.size() < 36 + 2 || u16(d, 34) != 1 || d.size() != 36 + 3) refuse("JPEG 2000 data has not one component");
  const uint32_t width = u32(d, 2);
  const uint32_t height = u32(d, 6);
  if (width != dicom.columns || height != dicom.rows)
    refuse("JPEG 2000 data is ", width, "x", height, ", the header says ", dicom.columns, "x", dicom.rows);
  const uint32_t tile_width = u32(d, 18);
  const uint32_t tile_height = u32(d, 22);
  if (u32(d, 10) != 0 || u32(d, 14) != 0 || u32(d, 26) != 0 || u32(d, 30) != 0 || d[37] != 1 || d[38] != 1)
    refuse("JPEG 2000 data with offsets or sub-sampling");
  if (tile_width == 0 || tile_height == 0) refuse("JPEG 2000 data is damaged: tiles without a size");
  const uint64_t tiles = ((uint64_t{width} + tile_width - 1) / tile_width) * ((uint64_t{height} + tile_height - 1) / tile_height);
  if (tiles > 65535) refuse("JPEG 2000 data has ", tiles, " tiles; at most 65,535 are allowed");
  const int bits = (d[36] & 0x7F) + 1;
  if (bits < 2 || bits > dicom.bits_allocated)
    refuse("JPEG 2000 data has ", bits, " bits a sample, ", dicom.bits_allocated, " are allocated");
  return {{bits, (d[36] & 0x80) != 0}, static_cast<uint32_t>(tiles)};
}

// Levels, width, height and style of the code blocks, transformation (SPcod); one byte per resolution where precincts are given.
void check_coding(Bytes d, bool precincts) {
  if (d.size() < 5 || d[0] > 32 || d[1] > 8 || d[2] > 8 || d[1] + d[2] > 8 || d[4] > 1)
    refuse("JPEG 2000 data is damaged: wrong coding parameters");
  if (d.size() != 5 + (precincts ? size_t{d[0]} + 1 : 0)) refuse("JPEG 2000 data is damaged: wrong precincts");
}

void check_header_segment(uint16_t marker, Bytes d) {
  if (marker == coding_style) {
    if (d.size() < 10 || d[1] > 4 || u16(d, 2) == 0) refuse("JPEG 2000 data is damaged: wrong coding parameters");
    check_coding(d.subspan(5), (d[0] & 1U) != 0);
  } else if (marker == coding_style_of_component) {
    if (d.size() < 7 || d[0] != 0) refuse("JPEG 2000 data is damaged: wrong component");
    check_coding(d.subspan(2), (d[1] & 1U) != 0);
  } else if (marker == quantization && (d.size() < 2 || d.size() > 1 + 2 * 97)) {
    refuse("JPEG 2000 data is damaged: wrong quantization");
  }
}

// Segments from `at` on, up to a marker that has no length of its own in a header (start of data, of a tile-part), which is
// returned; `at` is then before it.
uint16_t walk_header(const Dicom& dicom, size_t& at, std::optional<Tiling>& tiling, bool& coded) {
  const Bytes bytes = dicom.pixels;
  for (;;) {
    if (bytes.size() - at < 4) refuse("JPEG 2000 data ends after ", bytes.size(), " bytes, before the image does");
    const uint16_t marker = u16(bytes, at);
    if (marker == tile_part || marker == end_of_codestream) return marker;
    if (marker < 0xFF50 || marker > 0xFF6F) refuse("JPEG 2000 data is damaged at byte ", at);
    const size_t length = u16(bytes, at + 2);
    if (length < 2 || length > bytes.size() - at - 2)
      refuse("JPEG 2000 data ends after ", bytes.size(), " bytes, before the image does");
    const Bytes d = bytes.subspan(at + 4, length - 2);
    if ((marker == size_marker) == tiling.has_value())
      refuse("JPEG 2000 data is damaged: its size is not said once, at the start");
    if (marker == size_marker) tiling = check_siz(dicom, d);
    check_header_segment(marker, d);
    coded = coded || marker == coding_style;
    at += 2 + length;
  }
}

[[noreturn]] void ends_early(Bytes bytes) {
  refuse("JPEG 2000 data ends after ", bytes.size(), " bytes, before the image does");
}

// Tile-parts: SOT has the tile, and the length up to the next one; 0 stands for all that is left, which then has to end with an
// end marker. Elsewhere some encoders leave it out.
void walk_tiles(Bytes bytes, size_t at, uint32_t tiles) {
  std::vector<bool> seen(tiles, false);
  while (bytes.size() - at >= 2 && u16(bytes, at) == tile_part) {
    if (bytes.size() - at < 12) ends_early(bytes);
    const uint16_t tile = u16(bytes, at + 4);
    if (u16(bytes, at + 2) != 10 || tile >= tiles) refuse("JPEG 2000 data is damaged: a wrong tile");
    seen[tile] = true;
    const size_t length = u32(bytes, at + 6);
    if (length == 0) {
      size_t end = bytes.size();
      while (end > at && bytes[end - 1] == 0) --end;  // padding
      if (end - at < 2 || u16(bytes, end - 2) != end_of_codestream) ends_early(bytes);
      at = end - 2;
      break;
    }
    if (length < 14) refuse("JPEG 2000 data is damaged: a tile-part of ", length, " bytes");
    if (length > bytes.size() - at) ends_early(bytes);
    at += length;
  }
  if (bytes.size() - at >= 2 && u16(bytes, at) != end_of_codestream && u16(bytes, at) != 0)
    refuse("JPEG 2000 data is damaged at byte ", at);
  if (std::find(seen.begin(), seen.end(), false) != seen.end()) ends_early(bytes);
}

}  // namespace

Coded check_jpeg_2000(const Dicom& dicom) {
  const Bytes bytes = dicom.pixels;
  if (bytes.size() < 4 || u16(bytes, 0) != start_of_codestream) refuse("the pixels are no JPEG 2000 codestream");
  std::optional<Tiling> tiling;
  bool coded = false;
  size_t at = 2;
  const uint16_t marker = walk_header(dicom, at, tiling, coded);
  if (!tiling || !coded || marker != tile_part) refuse("JPEG 2000 data without an image");
  walk_tiles(bytes, at, tiling->tiles);
  return tiling->coded;
}

}  // namespace thorax::data
