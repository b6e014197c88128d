#include "data/image.h"

#include <algorithm>
#include <bit>
#include <fstream>
#include <optional>

#include "data/container.h"
#include "data/stb.h"
#include "kernels/image_math.h"
#include "tensor/error.h"
#include "tensor/file.h"

namespace thorax::data {

namespace {

constexpr auto largest_file = uintmax_t{512} << 20;
constexpr int64_t longest_side = 16384;
constexpr int64_t most_pixels = int64_t{1} << 26;

// A file that is open, with its size.
class Source {
 public:
  explicit Source(const std::filesystem::path& file) : file_(file) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) fail("no such file");
    if (!std::filesystem::is_regular_file(file, error)) fail("not a file");
    size_ = std::filesystem::file_size(file, error);
    if (error || size_ > largest_file) fail("larger than 512 MiB, or unreadable");
    stream_.open(file, std::ios::binary);
    if (!stream_) fail("cannot be opened");
  }
  size_t size() const { return size_; }
  [[noreturn]] void fail(const std::string& reason) const { throw Error(Fault::input, str(file_.string(), ": ", reason)); }

  std::vector<uint8_t> read(size_t from, size_t count) {
    std::vector<uint8_t> bytes(count);
    stream_.seekg(static_cast<std::streamoff>(from));
    if (!stream_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(count))) fail("cannot be read");
    return bytes;
  }

 private:
  const std::filesystem::path& file_;
  std::ifstream stream_;
  size_t size_ = 0;
};

// Before memory is taken for it.
void check_size(const Source& source, const std::optional<Size>& size) {
  if (!size || size->width < 1 || size->height < 1) source.fail("no header of an image");
  if (size->width > longest_side || size->height > longest_side || size->width * size->height > most_pixels) {
    source.fail(str(size->width, "x", size->height, " pixels; at most 16,384 a side and 67,108,864 in all are allowed"));
  }
}

// data: [count,channels], 1 or 2: grey, 3 or 4: colours.
template <class T>
uint32_t grey_of(const T* data, size_t i, int channels) {
  const T* p = data + i * static_cast<size_t>(channels);
  return channels >= 3 ? math::luma(p[0], p[1], p[2]) : uint32_t{p[0]};
}

std::vector<uint8_t> grey_from_16_bits(const uint16_t* data, size_t count, int channels) {
  uint32_t brightest = 0;
  for (size_t i = 0; i < count; ++i) brightest = std::max(brightest, grey_of(data, i, channels));
  const uint32_t scale = (1U << std::max(8, static_cast<int>(std::bit_width(brightest)))) - 1;
  std::vector<uint8_t> grey(count);
  for (size_t i = 0; i < count; ++i) grey[i] = static_cast<uint8_t>((grey_of(data, i, channels) * 255U + scale / 2) / scale);
  return grey;
}

std::vector<uint8_t> grey_from_8_bits(const uint8_t* data, size_t count, int channels) {
  std::vector<uint8_t> grey(count);
  for (size_t i = 0; i < count; ++i) grey[i] = static_cast<uint8_t>(grey_of(data, i, channels));
  return grey;
}

// The quick look: header and end; at the rest of the file only where these do not tell.
void check(Source& source) {
  constexpr size_t head_bytes = size_t{256} << 10;  // beyond usual metadata
  constexpr size_t tail_bytes = 4096;
  const std::vector<uint8_t> head = source.read(0, std::min(head_bytes, source.size()));
  const Format format = format_of(head);
  std::optional<Size> size = size_of(head, format);
  const size_t tail = std::min(tail_bytes, source.size());
  if (!size || !ends_well(source.read(source.size() - tail, tail), format)) {
    const std::vector<uint8_t> bytes = source.read(0, source.size());
    const std::string reason = why_not_whole(bytes, format);
    if (!reason.empty()) source.fail(reason);
    size = size_of(bytes, format);
  }
  check_size(source, size);
}

}  // namespace

Image decode_image(const std::filesystem::path& file) {
  Source source(file);
  const std::vector<uint8_t> bytes = source.read(0, source.size());
  const Format format = format_of(bytes);
  std::string reason = why_not_whole(bytes, format);
  if (!reason.empty()) source.fail(reason);
  check_size(source, size_of(bytes, format));
  stb::Pixels pixels;
  reason = stb::decode(bytes, format == Format::jpeg, pixels);
  if (!reason.empty()) source.fail("cannot be decoded: " + reason);
  const auto count = static_cast<size_t>(pixels.height * pixels.width);
  return {pixels.height, pixels.width,
          pixels.bits == 16 ? grey_from_16_bits(static_cast<const uint16_t*>(pixels.data.get()), count, pixels.channels)
                            : grey_from_8_bits(static_cast<const uint8_t*>(pixels.data.get()), count, pixels.channels)};
}

std::string why_unreadable(const std::filesystem::path& file) {
  try {
    Source source(file);
    check(source);
    return {};
  } catch (const std::exception& e) {
    return e.what();
  }
}

void write_png(const std::filesystem::path& file, const Image& image) {
  const std::vector<uint8_t> bytes = stb::encode_png(image.height, image.width, image.grey.data());
  if (bytes.empty()) throw Error(Fault::machine, str(file.string(), ": no memory to write it"));
  write_file_atomically(file, std::as_bytes(std::span(bytes)));
}

}  // namespace thorax::data
