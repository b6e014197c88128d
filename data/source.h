// An image file that is open, with its size: a regular file of at most 512 MiB.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

namespace thorax::data {

class Source {
 public:
  // All throw Error(input), without the file's name.
  explicit Source(const std::filesystem::path& file);
  size_t size() const { return size_; }
  std::vector<uint8_t> read(size_t from, size_t count);
  std::vector<uint8_t> read_all() { return read(0, size_); }

 private:
  std::ifstream stream_;
  size_t size_ = 0;
};

}  // namespace thorax::data
