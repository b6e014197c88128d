#include "apps/thx_file.h"

#include <cstring>

#include "embed/checksum.h"
#include "embed/format.h"

namespace thorax {

std::string thx_file(const std::vector<std::string>& sections) {
  const auto count = static_cast<uint32_t>(sections.size());
  const uint32_t members = (count - embed::shared_sections) / embed::member_sections;
  std::string bytes(sizeof(embed::Header) + count * sizeof(embed::Section), '\0');
  for (uint32_t k = 0; k < count; ++k) {
    const embed::SectionType type = embed::section_type(k, members);
    bytes.resize(embed::aligned_up(bytes.size(), embed::alignment_of(type)));
    embed::Section s{static_cast<uint32_t>(type),
                     embed::section_member(k, members),
                     bytes.size(),
                     sections[k].size(),
                     embed::alignment_of(type),
                     0,
                     {}};
    embed::sha256(sections[k].data(), sections[k].size(), s.sha256);
    bytes += sections[k];
    std::memcpy(bytes.data() + sizeof(embed::Header) + k * sizeof s, &s, sizeof s);
  }
  embed::Header h{};
  std::memcpy(h.magic, embed::magic, sizeof h.magic);
  h.version = embed::format_version, h.endian = embed::endian_tag, h.file_size = bytes.size(), h.sections = count;
  const size_t table = count * sizeof(embed::Section);
  h.crc = embed::crc32c(bytes.data() + sizeof h, table, embed::crc32c(&h, sizeof h));
  std::memcpy(bytes.data(), &h, sizeof h);
  return bytes;
}

}  // namespace thorax
