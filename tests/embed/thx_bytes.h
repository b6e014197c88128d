// Files as bytes, to be changed.
#pragma once

#include <cstring>
#include <string>

#include "embed/checksum.h"
#include "embed/format.h"

namespace thorax::test {

inline embed::Section section_of(const std::string& bytes, uint32_t k) {
  embed::Section s;
  std::memcpy(&s, bytes.data() + sizeof(embed::Header) + k * sizeof s, sizeof s);
  return s;
}

// The file with its checksums made right again: of all sections, or of one.
constexpr uint32_t every_section = 0xffffffffU;
inline std::string repaired(std::string bytes, uint32_t only = every_section) {
  embed::Header h;
  std::memcpy(&h, bytes.data(), sizeof h);
  for (uint32_t k = 0; k < h.sections; ++k) {
    embed::Section s = section_of(bytes, k);
    if ((only != every_section && k != only) || s.offset > bytes.size() || s.length > bytes.size() - s.offset) continue;
    embed::sha256(bytes.data() + s.offset, s.length, s.sha256);
    std::memcpy(bytes.data() + sizeof h + k * sizeof s, &s, sizeof s);
  }
  h.crc = 0;
  h.crc = embed::crc32c(bytes.data() + sizeof h, h.sections * sizeof(embed::Section), embed::crc32c(&h, sizeof h));
  std::memcpy(bytes.data(), &h, sizeof h);
  return bytes;
}

}  // namespace thorax::test
