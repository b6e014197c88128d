// Writes protocol buffers (protobuf.dev/programming-guides/encoding): fields in the order of the calls.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace thorax::weights {

class ProtobufWriter {
 public:
  void integer(unsigned field, int64_t value) {
    key(field, 0);
    varint(static_cast<uint64_t>(value));
  }
  void real(unsigned field, float value) {
    key(field, 5);
    const auto bits = std::bit_cast<uint32_t>(value);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>((bits >> shift) & 255U);
  }
  void text(unsigned field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes_ += value;
  }
  void message(unsigned field, const ProtobufWriter& value) { text(field, value.bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  void key(unsigned field, unsigned wire_type) { varint(field << 3U | wire_type); }
  void varint(uint64_t value) {
    for (; value > 127; value >>= 7U) bytes_ += static_cast<char>((value & 127U) | 128U);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

}  // namespace thorax::weights
