// Zip archives as numpy writes them (.npz): stored or deflated members, no zip64, no encryption.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tensor/file.h"

namespace thorax::data {

class Zip {
 public:
  // Reads the directory. Throws Error(input) when the file is no such archive or is cut off.
  explicit Zip(const std::filesystem::path& file);
  bool has(const std::string& member) const;
  // The bytes of a member, its checksum compared. No size that the archive claims is believed before it is found possible.
  // Throws Error(input).
  std::string read(const std::string& member) const;

 private:
  struct Member {
    std::string name;
    bool deflated;
    uint32_t crc;
    uint64_t packed, unpacked, offset;
  };
  const Member* find(const std::string& member) const;
  std::string where(const Member& member) const;

  std::filesystem::path file_;
  MappedFile mapped_;
  std::vector<Member> members_;
};

}  // namespace thorax::data
