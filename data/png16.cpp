#include "data/png16.h"

#include "data/deflate.h"
#include "data/inflate.h"

namespace thorax::data {

namespace {

std::string big_endian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

std::string chunk(const std::string& type, const std::string& content) {
  const std::string body = type + content;
  return big_endian(static_cast<uint32_t>(content.size())) + body + big_endian(crc32_of(body));
}

}  // namespace

std::string encode_png16(std::span<const uint16_t> pixels, int64_t height, int64_t width) {
  std::string rows;
  rows.reserve(static_cast<size_t>(height * (1 + 2 * width)));
  for (int64_t y = 0; y < height; ++y) {
    // Differences to the pixel before (filter 1): maps are smooth.
    rows += '\1';
    uint32_t before = 0;
    for (const uint16_t pixel : pixels.subspan(static_cast<size_t>(y * width), static_cast<size_t>(width))) {
      rows += static_cast<char>((pixel >> 8) - (before >> 8));
      rows += static_cast<char>((pixel & 0xFFU) - (before & 0xFFU));
      before = pixel;
    }
  }
  const std::string header = big_endian(static_cast<uint32_t>(width)) + big_endian(static_cast<uint32_t>(height)) +
                             std::string("\x10\0\0\0\0", 5);  // 16 bits, grey, no interlacing
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("IDAT", deflate_zlib(rows)) + chunk("IEND", "");
}

}  // namespace thorax::data
