// tests/data/image_oracle.txt (made by tools/make_image_oracle.py) and the twins of its generator and hash.
#pragma once

#include <cstdint>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

namespace thorax::test {

inline std::vector<uint8_t> made(uint32_t seed, int kind, int64_t count) {
  std::vector<uint8_t> out;
  for (int64_t i = 0; i < count; ++i) {
    seed = seed * 1664525U + 1013904223U;
    const uint32_t b = seed >> 24;
    const uint32_t kinds[] = {b, 100 + (b & 31U), 77, b < 128 ? 3U : 250U, (b * b) >> 8, b < 250 ? 0U : b};
    out.push_back(static_cast<uint8_t>(kinds[kind]));
  }
  return out;
}

inline std::string fnv(const std::vector<uint8_t>& bytes) {
  uint64_t hash = 0xCBF29CE484222325U;
  for (uint8_t b : bytes) hash = (hash ^ b) * 0x100000001B3U;
  std::ostringstream text;
  text << std::hex << std::setfill('0') << std::setw(16) << hash;
  return text.str();
}

// The cases of one kind, without the word itself.
inline std::vector<std::istringstream> oracle(const std::string& kind) {
  std::ifstream file(std::string(THORAX_SOURCE_DIR) + "/tests/data/image_oracle.txt");
  std::vector<std::istringstream> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(kind + ' ', 0) == 0) cases.emplace_back(line.substr(kind.size() + 1));
  }
  return cases;
}

}  // namespace thorax::test
