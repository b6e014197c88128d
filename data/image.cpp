#include "data/image.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>

#include "data/stb.h"
#include "tensor/error.h"

namespace thorax::data {

namespace {

constexpr size_t largest_file = size_t{512} << 20;

enum class Format { png, jpeg, other };

Format format_of(const std::vector<uint8_t>& bytes) {
  constexpr uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  if (bytes.size() >= sizeof png && std::equal(std::begin(png), std::end(png), bytes.begin())) return Format::png;
  if (bytes.size() >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF) return Format::jpeg;
  return Format::other;
}

// The decoder fills a truncated JPEG with grey and says nothing: so the end is looked for first.
bool ends_well(const std::vector<uint8_t>& bytes, Format format) {
  constexpr size_t tail = 4096;  // some writers append padding or notes
  const auto begin = bytes.end() - static_cast<std::ptrdiff_t>(std::min(tail, bytes.size()));
  constexpr uint8_t jpeg_end[] = {0xFF, 0xD9};
  constexpr uint8_t png_end[] = {'I', 'E', 'N', 'D'};
  if (format == Format::jpeg) return std::search(begin, bytes.end(), std::begin(jpeg_end), std::end(jpeg_end)) != bytes.end();
  return std::search(begin, bytes.end(), std::begin(png_end), std::end(png_end)) != bytes.end();
}

std::vector<uint8_t> read(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) throw Error(Fault::input, str(file.string(), ": no such file"));
  if (!std::filesystem::is_regular_file(file, error)) throw Error(Fault::input, str(file.string(), ": not a file"));
  const auto size = std::filesystem::file_size(file, error);
  if (error || size > largest_file) throw Error(Fault::input, str(file.string(), ": larger than ", largest_file, " bytes, or unreadable"));
  std::vector<uint8_t> bytes(size);
  std::ifstream stream(file, std::ios::binary);
  if (!stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
    throw Error(Fault::input, str(file.string(), ": cannot be read: ", std::strerror(errno)));
  }
  return bytes;
}

void check(const std::filesystem::path& file, const std::vector<uint8_t>& bytes) {
  if (bytes.empty()) throw Error(Fault::input, str(file.string(), ": the file is empty"));
  const Format format = format_of(bytes);
  if (format == Format::other) throw Error(Fault::input, str(file.string(), ": neither a PNG nor a JPEG file"));
  if (!ends_well(bytes, format)) {
    throw Error(Fault::input, str(file.string(), ": ", format == Format::png ? "PNG" : "JPEG", " data ends after ", bytes.size(), " bytes, before the image does"));
  }
}

uint8_t luma(const uint8_t* rgb) { return static_cast<uint8_t>((77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) >> 8); }

}  // namespace

Image decode_image(const std::filesystem::path& file) {
  const std::vector<uint8_t> bytes = read(file);
  check(file, bytes);
  stb::Pixels pixels;
  const std::string reason = stb::decode(bytes.data(), bytes.size(), pixels);
  if (!reason.empty()) throw Error(Fault::input, str(file.string(), ": ", reason));
  Image image{pixels.height, pixels.width, {}};
  const auto count = static_cast<size_t>(image.height * image.width);
  image.grey.resize(count);
  const auto step = static_cast<size_t>(pixels.channels);
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* p = pixels.bytes.get() + i * step;
    image.grey[i] = pixels.channels >= 3 ? luma(p) : *p;
  }
  return image;
}

std::string why_unreadable(const std::filesystem::path& file) {
  try {
    check(file, read(file));
    return {};
  } catch (const Error& e) {
    return e.what();
  }
}

void write_png(const std::filesystem::path& file, const Image& image) {
  if (!stb::encode_png(file.string().c_str(), image.width, image.height, image.grey.data())) {
    throw Error(Fault::machine, str(file.string(), ": cannot be written"));
  }
}

}  // namespace thorax::data
