// Reads back what weights/onnx.cpp writes, by the numbers of onnx.proto3: enough to see that a model hangs together.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace thorax::test {

// The fields of one message: number -> contents (bytes, or an integer's value as text).
inline std::multimap<uint64_t, std::string> fields_of(std::string_view message) {
  std::multimap<uint64_t, std::string> fields;
  size_t at = 0;
  const auto varint = [&] {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(message.at(at++));
      value |= static_cast<uint64_t>(byte & 127U) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.size()) {
    const uint64_t key = varint();
    if (key % 8 == 0) {
      fields.emplace(key / 8, std::to_string(varint()));
    } else {
      const uint64_t bytes = key % 8 == 2 ? varint() : 4;
      fields.emplace(key / 8, std::string(message.substr(at, bytes)));
      at += bytes;
    }
  }
  return fields;
}

inline std::vector<std::string> all(const std::multimap<uint64_t, std::string>& fields, uint64_t number) {
  std::vector<std::string> found;
  for (auto [it, end] = fields.equal_range(number); it != end; ++it) found.push_back(it->second);
  return found;
}

}  // namespace thorax::test
