// DICOM, PNG and JPEG files to grey bytes, and grey bytes to PNG.
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
  std::string warning = {};   // what a person should know about where it comes from; mostly empty
};

// By content, not by name.
// PNG: 1 to 16 bits, grey, RGB or palette; alpha is ignored. Colours become grey as OpenCV's cvtColor does it (ITU-R BT.601):
//   (9798 R + 19235 G + 3735 B + 16384) / 32768, which leaves equal channels as they are.
// 16 bits: radiographs of 10 or 12 bits are stored so. Full scale is 2^b - 1, b = 8...16 the fewest bits that hold the brightest
//   pixel, and goes to 255, rounded; so a 12-bit image keeps its contrast, and 8 bits in 16 stay as they are.
// JPEG, baseline or progressive: the luminance that the file holds.
// DICOM: as read_dicom() lets it pass and grey_of() shows it.
// Throws Error(input) with the file and the reason: no such file, another format, truncated, a wrong checksum, larger than 512
// MiB, 16,384 pixels a side or 67,108,864 pixels.
Image decode_image(const std::filesystem::path& file);

// Whether the file is there, and begins and ends as a PNG or JPEG of an allowed size does; little is read, nothing decoded.
// Empty, or the reason why not.
std::string why_unreadable(const std::filesystem::path& file);

// Writes an 8-bit grey PNG. Throws Error(machine) when it cannot; no half file is left.
void write_png(const std::filesystem::path& file, const Image& image);

}  // namespace thorax::data
