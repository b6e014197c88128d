// Zip archives (PKWARE APPNOTE 6.3), as torch.save and numpy.savez write them: stored or deflated members, one disk, zip64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thorax::weights {

struct ZipMember {
  std::string name;
  uint16_t flags = 0;
  uint16_t method = 0;  // 0 stored, 8 deflated
  uint32_t crc = 0;
  uint64_t packed = 0;  // bytes in the file
  uint64_t size = 0;    // bytes unpacked
  uint64_t header = 0;  // offset of the local header
  uint64_t data = 0;    // offset of the data
};

// Members are those of the central directory; every local header has to agree with it. Refused (Fault::input): encryption,
// several disks, duplicate names, members that overlap, holes between them, anything before the first and after the end record,
// other methods, and sizes that no honest file has: all members together unpack to at most 64 times the file + 64 MiB.
class ZipFile {
 public:
  // bytes: the whole file; has to outlive this object and what read() returns.
  ZipFile(std::span<const std::byte> bytes, std::string where);

  const std::vector<ZipMember>& members() const { return members_; }
  const ZipMember* find(std::string_view name) const;  // nullptr: not there
  // The content, its checksum compared: a part of the file for a stored member, else `hold`.
  std::span<const std::byte> read(const ZipMember& member, std::vector<std::byte>& hold) const;

 private:
  struct Directory {
    uint64_t offset, bytes, members;
  };
  Directory find_directory() const;
  Directory zip64_directory(size_t end_record) const;
  void read_directory(const Directory& directory);
  void check_local_header(ZipMember& member) const;
  void check_layout(uint64_t directory) const;
  [[noreturn]] void refuse(const std::string& why) const;

  std::span<const std::byte> bytes_;
  std::string where_;
  std::vector<ZipMember> members_;
  std::map<std::string, size_t, std::less<>> index_;
};

}  // namespace thorax::weights
