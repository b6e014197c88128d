#include "data/stb.h"

#include <cstdlib>
#include <stdexcept>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 16384
// Parts that a broken file leaves out are zero, never what lay in memory before.
#define STBI_MALLOC(bytes) std::calloc(1, bytes)
#define STBI_REALLOC(old, bytes) std::realloc(old, bytes)
#define STBI_FREE(old) std::free(old)
// A library does not abort.
#define STBI_ASSERT(holds) ((holds) ? void() : throw std::logic_error("the decoder met what it held to be impossible"))
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace thorax::data::stb {

namespace {

int length(std::span<const uint8_t> bytes) {
  return static_cast<int>(bytes.size());
}

}  // namespace

std::string decode(std::span<const uint8_t> bytes, bool grey_only, Pixels& pixels) {
  pixels.bits = stbi_is_16_bit_from_memory(bytes.data(), length(bytes)) != 0 ? 16 : 8;
  int width = 0;
  int height = 0;
  const int wanted = grey_only ? 1 : 0;
  void* decoded = nullptr;
  try {
    decoded =
        pixels.bits == 16
            ? static_cast<void*>(stbi_load_16_from_memory(bytes.data(), length(bytes), &width, &height, &pixels.channels, wanted))
            : stbi_load_from_memory(bytes.data(), length(bytes), &width, &height, &pixels.channels, wanted);
  } catch (const std::logic_error& e) {
    return e.what();
  }
  if (decoded == nullptr) return stbi_failure_reason();
  pixels.data = {decoded, stbi_image_free};
  pixels.width = width;
  pixels.height = height;
  if (grey_only) pixels.channels = 1;
  return {};
}

std::vector<uint8_t> encode_png(int64_t height, int64_t width, const uint8_t* pixels, int channels) {
  int bytes = 0;
  const auto columns = static_cast<int>(width);
  const std::unique_ptr<uint8_t, void (*)(void*)> file(
      stbi_write_png_to_mem(pixels, columns * channels, columns, static_cast<int>(height), channels, &bytes), std::free);
  return file ? std::vector<uint8_t>(file.get(), file.get() + bytes) : std::vector<uint8_t>();
}

}  // namespace thorax::data::stb
