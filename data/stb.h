// The only door to stb_image, cut down to PNG and JPEG.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace thorax::data::stb {

struct Pixels {
  int64_t height = 0;
  int64_t width = 0;
  int channels = 0;  // 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
  std::unique_ptr<uint8_t, void (*)(void*)> bytes{nullptr, nullptr};  // [height,width,channels]
};

// Empty, or the reason why not.
std::string decode(const uint8_t* bytes, size_t size, Pixels& pixels);

bool encode_png(const char* file, int64_t width, int64_t height, const uint8_t* grey);

}  // namespace thorax::data::stb
