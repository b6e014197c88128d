#include "data/stb.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 16384
#include <stb/stb_image.h>
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace thorax::data::stb {

std::string decode(const uint8_t* bytes, size_t size, Pixels& pixels) {
  int width = 0;
  int height = 0;
  stbi_uc* decoded = stbi_load_from_memory(bytes, static_cast<int>(size), &width, &height, &pixels.channels, 0);
  if (decoded == nullptr) return std::string("cannot be decoded: ") + stbi_failure_reason();
  pixels.bytes = {decoded, stbi_image_free};
  pixels.height = height;
  pixels.width = width;
  return {};
}

bool encode_png(const char* file, int64_t width, int64_t height, const uint8_t* grey) {
  return stbi_write_png(file, static_cast<int>(width), static_cast<int>(height), 1, grey, static_cast<int>(width)) != 0;
}

}  // namespace thorax::data::stb
