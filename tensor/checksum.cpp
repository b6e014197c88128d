#include "tensor/checksum.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

namespace thorax {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr uint64_t prime1 = 0x9e3779b185ebca87U;
constexpr uint64_t prime2 = 0xc2b2ae3d27d4eb4fU;
constexpr uint64_t prime3 = 0x165667b19e3779f9U;
constexpr uint64_t prime4 = 0x85ebca77c2b2ae63U;
constexpr uint64_t prime5 = 0x27d4eb2f165667c5U;

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

uint64_t mix(uint64_t lane, uint64_t word) {
  return std::rotl(lane + word * prime2, 31) * prime1;
}

uint64_t avalanche(uint64_t h) {
  h = (h ^ (h >> 33)) * prime2;
  h = (h ^ (h >> 29)) * prime3;
  return h ^ (h >> 32);
}

constexpr std::array<uint32_t, 256> crc_table = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) * 0x82f63b78U);
    table[i] = crc;
  }
  return table;
}();

}  // namespace

void Xxh64::stripe(const std::byte* bytes) {
  for (size_t i = 0; i < 4; ++i) lanes_[i] = mix(lanes_[i], load<uint64_t>(bytes + 8 * i));
}

void Xxh64::update(std::span<const std::byte> bytes) {
  const auto held = static_cast<size_t>(size_ % 32);
  size_ += bytes.size();
  if (held != 0) {
    const size_t n = std::min(bytes.size(), 32 - held);
    std::copy_n(bytes.begin(), n, pending_.begin() + static_cast<std::ptrdiff_t>(held));
    bytes = bytes.subspan(n);
    if (held + n < 32) return;
    stripe(pending_.data());
  }
  for (; bytes.size() >= 32; bytes = bytes.subspan(32)) stripe(bytes.data());
  std::copy(bytes.begin(), bytes.end(), pending_.begin());
}

uint64_t Xxh64::digest() const {
  uint64_t h = prime5;
  if (size_ >= 32) {
    h = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) + std::rotl(lanes_[3], 18);
    for (const uint64_t lane : lanes_) h = (h ^ mix(0, lane)) * prime1 + prime4;
  }
  h += size_;
  const std::byte* at = pending_.data();
  auto left = static_cast<size_t>(size_ % 32);
  for (; left >= 8; at += 8, left -= 8) h = std::rotl(h ^ mix(0, load<uint64_t>(at)), 27) * prime1 + prime4;
  for (; left >= 4; at += 4, left -= 4) h = std::rotl(h ^ (load<uint32_t>(at) * prime1), 23) * prime2 + prime3;
  for (; left > 0; ++at, --left) h = std::rotl(h ^ (std::to_integer<uint64_t>(*at) * prime5), 11) * prime1;
  return avalanche(h);
}

uint32_t crc32c(std::span<const std::byte> bytes) {
  uint32_t crc = ~0U;
  for (const std::byte b : bytes) crc = (crc >> 8) ^ crc_table[(crc ^ std::to_integer<uint32_t>(b)) & 0xffU];
  return ~crc;
}

std::string hex_of(uint64_t checksum) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(checksum));
  return text.data();
}

}  // namespace thorax
