// Reads numbers and runs of bytes, little-endian, from memory that others have written: never past the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "tensor/error.h"

namespace thorax::weights {

class ByteReader {
 public:
  // what: the file, and the part of it, for the error.
  ByteReader(std::span<const std::byte> bytes, std::string what) : bytes_(bytes), what_(std::move(what)) {}

  size_t at() const { return at_; }
  size_t left() const { return bytes_.size() - at_; }
  // Throws Error(input) when fewer are left.
  std::span<const std::byte> take(uint64_t count) {
    if (count > left()) refuse(str(count, " bytes are announced at byte ", at_, ", ", left(), " are there"));
    const auto part = bytes_.subspan(at_, static_cast<size_t>(count));
    at_ += part.size();
    return part;
  }
  std::string_view text(uint64_t count) {
    const auto part = take(count);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  // Up to the next line feed, which is passed over.
  std::string_view line() {
    const auto rest = bytes_.subspan(at_);
    const std::string_view all{reinterpret_cast<const char*>(rest.data()), rest.size()};
    const size_t end = all.find('\n');
    if (end == std::string_view::npos) refuse(str("a line that begins at byte ", at_, " does not end"));
    at_ += end + 1;
    return all.substr(0, end);
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  [[noreturn]] void refuse(const std::string& why) const { throw Error(Fault::input, str(what_, ": ", why)); }

 private:
  std::span<const std::byte> bytes_;
  std::string what_;
  size_t at_ = 0;
};

}  // namespace thorax::weights
