#include "data/source.h"

#include "data/limits.h"

namespace thorax::data {

Source::Source(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) refuse("no such file");
  if (!std::filesystem::is_regular_file(file, error)) refuse("not a file");
  size_ = std::filesystem::file_size(file, error);
  if (error || size_ > largest_file) refuse("larger than 512 MiB, or unreadable");
  stream_.open(file, std::ios::binary);
  if (!stream_) refuse("cannot be opened");
}

std::vector<uint8_t> Source::read(size_t from, size_t count) {
  std::vector<uint8_t> bytes(count);
  stream_.seekg(static_cast<std::streamoff>(from));
  if (!stream_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(count))) refuse("cannot be read");
  return bytes;
}

}  // namespace thorax::data
