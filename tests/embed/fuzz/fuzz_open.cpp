// Mostly files that are whole but for one section, under right checksums: what lies behind the checksums is reached.
#include <algorithm>
#include <cstring>

#include "apps/thx_file.h"
#include "embed/format.h"
#include "tests/embed/fuzz/targets.h"
#include "tests/embed/thx_bytes.h"

using namespace thorax;
using namespace thorax::test;

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

namespace {

std::string mutated(std::string bytes, size_t most) {
  const size_t size = bytes.size();
  bytes.resize(most);
  bytes.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(bytes.data()), size, most));
  return bytes;
}

// Header and table of another content, of the same length.
std::string with_another_table(const std::string& file, size_t sections) {
  const size_t end = sizeof(embed::Header) + sections * sizeof(embed::Section);
  std::string table = mutated(file.substr(0, end), end);
  table.resize(end);
  embed::Header h;
  std::memcpy(&h, table.data(), sizeof h);
  h.sections = static_cast<uint32_t>(std::min<size_t>(h.sections, sections));
  std::memcpy(table.data(), &h, sizeof h);
  return repaired(table + file.substr(end));
}

void change_members(std::vector<std::string>& sections, bool more) {
  const auto begin = sections.begin(), end = begin + embed::member_sections;
  if (more && sections.size() < 50) {
    const std::vector<std::string> member(begin, end);
    sections.insert(begin, member.begin(), member.end());
  } else if (!more && sections.size() > embed::member_sections + embed::shared_sections) {
    sections.erase(begin, end);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check_open(data, size);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  std::string file(reinterpret_cast<const char*>(data), size);
  auto sections = sections_of(file);
  if (!sections || size > most) {
    file = seed_file(1 + seed % 2, seed % 3 != 0);
    sections = sections_of(file);
  }
  const unsigned kind = seed % 32, which = seed / 32;
  if (kind < 2) {
    file = mutated(file, most);
  } else if (kind < 8) {
    file = with_another_table(file, sections->size());
  } else {
    if (kind == 8) change_members(*sections, which % 2 == 0);
    std::string& section = (*sections)[which % sections->size()];
    if (kind > 8) section = mutated(section, 2 * section.size() + 64);
    file = thx_file(*sections);
  }
  if (file.size() > most) return size;
  std::memcpy(data, file.data(), file.size());
  return file.size();
}
