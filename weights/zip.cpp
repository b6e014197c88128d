#include "weights/zip.h"

#include <algorithm>
#include <optional>

#include "tensor/json.h"
#include "weights/byte_reader.h"
#include "weights/inflate.h"

namespace thorax::weights {
namespace {

constexpr uint32_t local_signature = 0x04034b50;
constexpr uint32_t central_signature = 0x02014b50;
constexpr uint32_t end_signature = 0x06054b50;
constexpr uint32_t end64_signature = 0x06064b50;
constexpr uint32_t locator64_signature = 0x07064b50;
constexpr size_t end_bytes = 22;
constexpr size_t end64_bytes = 56;
constexpr size_t locator64_bytes = 20;
constexpr size_t central_bytes = 46;
constexpr uint16_t encrypted = 1U | 1U << 6U | 1U << 13U;
constexpr uint16_t sizes_follow = 1U << 3U;  // crc and sizes stand behind the data, and may be 0 in the local header
constexpr uint16_t stored = 0;
constexpr uint16_t deflated = 8;
constexpr uint32_t in_zip64 = 0xffffffffU;
constexpr uint16_t zip64_extra = 1;
constexpr uint64_t deflate_ratio = 1100;  // the format's own limit is 1032
constexpr uint64_t total_ratio = 64;
constexpr uint64_t total_free = uint64_t{64} << 20U;

// Replaces each size that the header leaves to the zip64 extra field, in the order of the field.
void apply_zip64(std::span<const std::byte> extra, const std::string& what, std::initializer_list<uint64_t*> sizes) {
  ByteReader fields(extra, what);
  while (fields.left() >= 4) {
    const auto id = fields.number<uint16_t>();
    const auto part = fields.take(fields.number<uint16_t>());
    if (id != zip64_extra) continue;
    ByteReader values(part, what);
    for (uint64_t* size : sizes) {
      if (*size == in_zip64) *size = values.number<uint64_t>();
    }
    return;
  }
}

}  // namespace

ZipFile::ZipFile(std::span<const std::byte> bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {
  const Directory directory = find_directory();
  read_directory(directory);
  check_layout(directory.offset);
}

void ZipFile::refuse(const std::string& why) const {
  throw Error(Fault::input, str(where_, ": not a whole zip archive: ", why));
}

ZipFile::Directory ZipFile::find_directory() const {
  if (bytes_.size() < end_bytes) refuse(str("only ", bytes_.size(), " bytes"));
  // A comment may follow the end record; neither PyTorch nor numpy writes one, so the record is the file's last bytes.
  const size_t at = bytes_.size() - end_bytes;
  ByteReader end(bytes_.subspan(at), where_);
  if (end.number<uint32_t>() != end_signature) refuse("it does not end with an end record: cut off, or something follows");
  const auto disk = end.number<uint16_t>();
  const auto first_disk = end.number<uint16_t>();
  const auto members_here = end.number<uint16_t>();
  const auto members = end.number<uint16_t>();
  Directory d{0, end.number<uint32_t>(), members};
  d.offset = end.number<uint32_t>();
  if (disk != 0 || first_disk != 0 || members_here != members) refuse("it is one of several disks");
  uint64_t end_of_directory = at;
  if (at >= locator64_bytes &&
      ByteReader(bytes_.subspan(at - locator64_bytes), where_).number<uint32_t>() == locator64_signature) {
    const Directory wide = zip64_directory(at);
    const bool agree = (d.members == 0xffff || d.members == wide.members) && (d.bytes == in_zip64 || d.bytes == wide.bytes) &&
                       (d.offset == in_zip64 || d.offset == wide.offset);
    if (!agree) refuse("its two end records differ");
    d = wide;
    end_of_directory = at - locator64_bytes - end64_bytes;
  }
  if (d.offset > end_of_directory || d.bytes != end_of_directory - d.offset) {
    refuse(str("its directory would be ", d.bytes, " bytes at ", d.offset, ", it ends at ", end_of_directory));
  }
  if (d.members > d.bytes / central_bytes)
    refuse(str("its directory of ", d.bytes, " bytes cannot hold ", d.members, " members"));
  return d;
}

ZipFile::Directory ZipFile::zip64_directory(size_t end_record) const {
  const size_t locator_at = end_record - locator64_bytes;
  ByteReader locator(bytes_.subspan(locator_at + 4), where_);
  const auto disk = locator.number<uint32_t>();
  const auto at = locator.number<uint64_t>();
  const auto disks = locator.number<uint32_t>();
  if (disk != 0 || disks > 1) refuse("it is one of several disks");
  if (locator_at < end64_bytes || at != locator_at - end64_bytes) refuse("its zip64 end record is not where it should be");
  ByteReader end(bytes_.subspan(static_cast<size_t>(at)), where_);
  if (end.number<uint32_t>() != end64_signature) refuse("it has no zip64 end record");
  if (end.number<uint64_t>() != end64_bytes - 12) refuse("its zip64 end record has another size");
  end.take(4);  // versions
  const auto this_disk = end.number<uint32_t>();
  const auto first_disk = end.number<uint32_t>();
  const auto members_here = end.number<uint64_t>();
  Directory d{0, 0, end.number<uint64_t>()};
  d.bytes = end.number<uint64_t>();
  d.offset = end.number<uint64_t>();
  if (this_disk != 0 || first_disk != 0 || members_here != d.members) refuse("it is one of several disks");
  return d;
}

void ZipFile::read_directory(const Directory& directory) {
  ByteReader in(bytes_.subspan(static_cast<size_t>(directory.offset), static_cast<size_t>(directory.bytes)), where_);
  uint64_t total = 0;
  for (uint64_t i = 0; i < directory.members; ++i) {
    if (in.number<uint32_t>() != central_signature) refuse(str("member ", i + 1, " has no directory entry"));
    ZipMember m;
    in.take(4);  // versions
    m.flags = in.number<uint16_t>();
    m.method = in.number<uint16_t>();
    in.take(4);  // time
    m.crc = in.number<uint32_t>();
    m.packed = in.number<uint32_t>();
    m.size = in.number<uint32_t>();
    const auto name = in.number<uint16_t>();
    const auto extra = in.number<uint16_t>();
    const auto comment = in.number<uint16_t>();
    const auto disk = in.number<uint16_t>();
    in.take(6);  // attributes
    m.header = in.number<uint32_t>();
    m.name = in.text(name);
    const std::string what = str(where_, ": ", json_quote(m.name));
    if (!valid_utf8(m.name) || m.name.find('\0') != std::string::npos) refuse(str("member ", i + 1, " has no proper name"));
    apply_zip64(in.take(extra), what, {&m.size, &m.packed, &m.header});
    in.take(comment);
    if ((m.flags & encrypted) != 0) refuse(str(json_quote(m.name), " is encrypted"));
    if (disk != 0) refuse("it is one of several disks");
    if (m.method != stored && m.method != deflated) refuse(str(json_quote(m.name), " is packed by method ", m.method));
    if (m.method == stored && m.packed != m.size) refuse(str(json_quote(m.name), " is stored, with two sizes"));
    if (m.size / deflate_ratio > m.packed) {
      refuse(str(json_quote(m.name), " would unpack ", m.packed, " bytes to ", m.size));
    }
    if (__builtin_add_overflow(total, m.size, &total) || total > bytes_.size() * total_ratio + total_free) {
      refuse(str("it would unpack ", bytes_.size(), " bytes to more than ", total_ratio, " times as many"));
    }
    check_local_header(m);
    if (!index_.emplace(m.name, members_.size()).second) refuse(str("two members are named ", json_quote(m.name)));
    members_.push_back(std::move(m));
  }
  if (in.left() != 0) refuse(str(in.left(), " bytes after its directory"));
}

void ZipFile::check_local_header(ZipMember& m) const {
  const std::string what = str(where_, ": ", json_quote(m.name));
  if (m.header > bytes_.size()) refuse(str(json_quote(m.name), " would begin at ", m.header));
  ByteReader in(bytes_.subspan(static_cast<size_t>(m.header)), what);
  const bool local = in.number<uint32_t>() == local_signature;
  in.take(2);  // version
  const auto flags = in.number<uint16_t>();
  const auto method = in.number<uint16_t>();
  in.take(4);  // time
  const auto crc = in.number<uint32_t>();
  uint64_t packed = in.number<uint32_t>();
  uint64_t size = in.number<uint32_t>();
  const auto name_bytes = in.number<uint16_t>();
  const auto extra = in.number<uint16_t>();
  const std::string_view name = in.text(name_bytes);
  apply_zip64(in.take(extra), what, {&size, &packed});
  const bool later = (flags & sizes_follow) != 0;
  const auto agrees = [later](uint64_t here, uint64_t there) { return here == there || (later && here == 0); };
  if (!local || flags != m.flags || method != m.method || name != m.name || !agrees(crc, m.crc) || !agrees(packed, m.packed) ||
      !agrees(size, m.size)) {
    refuse(str("the directory and the header of ", json_quote(m.name), " differ"));
  }
  m.data = m.header + in.at();
  if (m.packed > bytes_.size() - m.data) refuse(str(json_quote(m.name), " ends behind the file"));
}

void ZipFile::check_layout(uint64_t directory) const {
  std::vector<const ZipMember*> order;
  for (const ZipMember& m : members_) order.push_back(&m);
  std::sort(order.begin(), order.end(), [](const ZipMember* a, const ZipMember* b) { return a->header < b->header; });
  uint64_t end = 0;
  bool later = false;  // the member before may be followed by its crc and sizes: 12 or 20 bytes, with a signature 4 more
  const auto check = [&](uint64_t next, const std::string& what) {
    const uint64_t gap = next - end;
    if (next < end) refuse(str(what, " overlaps what is before it"));
    if (gap != 0 && !(later && (gap == 12 || gap == 16 || gap == 20 || gap == 24))) refuse(str("a hole before ", what));
  };
  for (const ZipMember* m : order) {
    check(m->header, json_quote(m->name));
    end = m->data + m->packed;
    later = (m->flags & sizes_follow) != 0;
  }
  check(directory, "its directory");
}

const ZipMember* ZipFile::find(std::string_view name) const {
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &members_[it->second];
}

std::span<const std::byte> ZipFile::read(const ZipMember& m, std::vector<std::byte>& hold) const {
  std::span<const std::byte> content = bytes_.subspan(static_cast<size_t>(m.data), static_cast<size_t>(m.packed));
  const std::string what = str(where_, ": ", json_quote(m.name));
  if (m.method == deflated) {
    hold = inflate(content, static_cast<size_t>(m.size), what);
    content = hold;
  }
  if (crc32(content) != m.crc) {
    throw Error(Fault::input, str(what, " is damaged: its checksum does not fit"), "take another copy of the file");
  }
  return content;
}

}  // namespace thorax::weights
