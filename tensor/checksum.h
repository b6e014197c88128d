// Checksums against damage (not against forgery).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace thorax {

// XXH64 with seed 0 (Collet, xxHash), over bytes that arrive in pieces.
class Xxh64 {
 public:
  void update(std::span<const std::byte> bytes);
  uint64_t digest() const;

 private:
  void stripe(const std::byte* bytes);
  std::array<uint64_t, 4> lanes_{0x60ea27eeadc0b5d6U, 0xc2b2ae3d27d4eb4fU, 0U, 0x61c8864e7a143579U};
  std::array<std::byte, 32> pending_{};  // the last size_ % 32 bytes
  uint64_t size_ = 0;
};

inline uint64_t xxh64(std::span<const std::byte> bytes) {
  Xxh64 hash;
  hash.update(bytes);
  return hash.digest();
}

// Sixteen digits.
std::string hex_of(uint64_t checksum);

// CRC-32C (Castagnoli): the checksum of TFRecord files.
uint32_t crc32c(std::span<const std::byte> bytes);

}  // namespace thorax
