#include "data/zip.h"

#include <algorithm>

#include "data/inflate.h"

namespace thorax::data {

namespace {

constexpr uint64_t end_bytes = 22;        // the record at the end of an archive, without its comment
constexpr uint64_t directory_bytes = 46;  // an entry of the directory, without its name
constexpr uint64_t local_bytes = 30;      // the header before a member, without its name
// Deflate makes at most 1,032 bytes of one (RFC 1951: 258 bytes from two bits); some room for its own blocks.
constexpr uint64_t largest_ratio = 1040;
constexpr uint64_t largest_member = uint64_t{8} << 30;

uint64_t number(std::string_view text, uint64_t at, int bytes) {
  uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(text[at + static_cast<uint64_t>(i)]);
  return value;
}

// Where the end record begins; its comment may be up to 64 KiB long.
uint64_t find_end(std::string_view text, const std::string& name) {
  const uint64_t lowest = text.size() > end_bytes + 0xFFFF ? text.size() - end_bytes - 0xFFFF : 0;
  for (uint64_t at = text.size() < end_bytes ? 0 : text.size() - end_bytes + 1; at-- > lowest;) {
    if (text.substr(at, 4) == "PK\5\6" && at + end_bytes <= text.size()) return at;
  }
  throw Error(Fault::input, name + ": no zip archive, or cut off");
}

}  // namespace

Zip::Zip(const std::filesystem::path& file) : file_(file), mapped_(file) {
  const std::string_view text = mapped_.text();
  const std::string name = file.string();
  const uint64_t end = find_end(text, name);
  const uint64_t count = number(text, end + 10, 2);
  uint64_t at = number(text, end + 16, 4);
  if (at == 0xFFFFFFFFU || count == 0xFFFF) throw Error(Fault::input, name + ": a zip64 archive, which is not supported");
  for (uint64_t i = 0; i < count; ++i) {
    if (at + directory_bytes > end || text.substr(at, 4) != "PK\1\2") throw Error(Fault::input, name + ": damaged zip directory");
    const uint64_t length = number(text, at + 28, 2);
    const uint64_t rest = number(text, at + 30, 2) + number(text, at + 32, 2);
    if (at + directory_bytes + length + rest > end) throw Error(Fault::input, name + ": damaged zip directory");
    const uint64_t method = number(text, at + 10, 2);
    Member m{std::string(text.substr(at + directory_bytes, length)),
             method == 8,
             static_cast<uint32_t>(number(text, at + 16, 4)),
             number(text, at + 20, 4),
             number(text, at + 24, 4),
             number(text, at + 42, 4)};
    if ((method != 0 && method != 8) || (number(text, at + 8, 2) & 1) != 0 || m.packed == 0xFFFFFFFFU ||
        m.unpacked == 0xFFFFFFFFU)
      throw Error(Fault::input, where(m) + ": encrypted, zip64, or packed in another way than deflate");
    members_.push_back(std::move(m));
    at += directory_bytes + length + rest;
  }
}

bool Zip::has(const std::string& member) const {
  return find(member) != nullptr;
}

std::string Zip::read(const std::string& name) const {
  const Member* m = find(name);
  if (m == nullptr) throw Error(Fault::input, str(file_.string(), ": has no ", name));
  const std::string_view text = mapped_.text();
  if (m->offset + local_bytes > text.size() || text.substr(m->offset, 4) != "PK\3\4")
    throw Error(Fault::input, where(*m) + ": damaged zip member");
  const uint64_t begin = m->offset + local_bytes + number(text, m->offset + 26, 2) + number(text, m->offset + 28, 2);
  if (begin > text.size() || m->packed > text.size() - begin) throw Error(Fault::input, where(*m) + ": cut off");
  const bool possible = m->deflated ? m->unpacked <= m->packed * largest_ratio : m->unpacked == m->packed;
  if (!possible || m->unpacked > largest_member)
    throw Error(Fault::input, str(where(*m), ": ", m->packed, " bytes cannot be ", m->unpacked, " unpacked (at most 8 GiB)"));
  const std::string_view packed = text.substr(begin, m->packed);
  std::string bytes = m->deflated ? inflate(packed, Deflated::raw, m->unpacked, where(*m)) : std::string(packed);
  if (bytes.size() != m->unpacked || crc32_of(bytes) != m->crc) throw Error(Fault::input, where(*m) + ": its checksum is wrong");
  return bytes;
}

const Zip::Member* Zip::find(const std::string& member) const {
  const auto it = std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.name == member; });
  return it == members_.end() ? nullptr : &*it;
}

std::string Zip::where(const Member& member) const {
  return str(file_.string(), ": ", member.name);
}

}  // namespace thorax::data
