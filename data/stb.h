// The only door to stb_image and stb_image_write, cut down to PNG and JPEG in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace thorax::data::stb {

struct Pixels {
  int64_t height = 0;
  int64_t width = 0;
  int channels = 0;                                               // 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
  int bits = 8;                                                   // 8: uint8_t, 16: uint16_t
  std::unique_ptr<void, void (*)(void*)> data{nullptr, nullptr};  // [height,width,channels]
};

// bytes: a whole file (container.h). grey_only: one channel, as the decoder makes it (for JPEG: the luminance that the file
// holds). Empty, or the reason why not.
std::string decode(std::span<const uint8_t> bytes, bool grey_only, Pixels& pixels);

// pixels: [height,width,channels]; channels: 1 grey, 3 RGB. Empty: no memory.
std::vector<uint8_t> encode_png(int64_t height, int64_t width, const uint8_t* pixels, int channels = 1);

}  // namespace thorax::data::stb
