// PNG and JPEG files (stb_image), to and from grey bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace thorax::data {

struct Image {
  int64_t height = 0;
  int64_t width = 0;
  std::vector<uint8_t> grey;  // [height,width]
};

// By content, not by name: PNG (8 or 16 bits; grey, RGB, palette; alpha is ignored) or baseline and progressive JPEG. Colours become
// grey as (77 R + 150 G + 29 B + 128) / 256, which leaves equal channels as they are; 16 bits keep the upper 8. Throws Error(input)
// with the reason: no such file, another format, truncated, larger than 16,384 pixels a side.
Image decode_image(const std::filesystem::path& file);

// Whether the file begins and ends as a whole PNG or JPEG does, without decoding it; empty, or the reason why not.
std::string why_unreadable(const std::filesystem::path& file);

// Writes an 8-bit grey PNG. Throws Error(machine) when it cannot.
void write_png(const std::filesystem::path& file, const Image& image);

}  // namespace thorax::data
