// How a cache of preprocessed images lies on the disk: a header, a record per image, and the planes, each at a fixed place, so
// that it can be filled in any order and mapped. All numbers are little endian.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string>

namespace thorax::data {

static_assert(std::endian::native == std::endian::little, "records are written as they lie in memory");

constexpr uint64_t cache_page = 4096;

// The first page.
struct CacheHeader {
  std::array<char, 8> magic{'t', 'h', 'o', 'r', 'a', 'x', 'C', '1'};
  uint64_t images = 0;
  uint64_t plane_bytes = 0;
  uint64_t names = 0;            // a digest of whose images these are, in their order
  uint64_t complete = 0;         // 1: no image will come any more
  uint64_t records = 0;          // XXH64 of all records of a complete cache
  std::array<char, 3912> key{};  // text: what made the planes; ends in zeros
  std::array<char, 128> unused{};
  uint64_t checksum = 0;  // XXH64 of all the above
};
static_assert(sizeof(CacheHeader) == cache_page);

// An image as it was when it was read: its file's size and times, and the XXH64 of its content.
struct CacheRecord {
  uint64_t name = 0;  // XXH64 of the absolute path (and the member of an archive)
  uint64_t content = 0;
  uint64_t file_bytes = 0;
  int64_t modified = 0;   // nanoseconds
  int64_t changed = 0;    // of the inode: it cannot be set back, as the time of modification can
  int64_t seen = 0;       // when it was read
  uint64_t plane = 0;     // XXH64 of the plane
  uint64_t checksum = 0;  // XXH64 of all the above; of an image that is not there all is 0
};
static_assert(sizeof(CacheRecord) == 64);

uint64_t checksum_of(const CacheHeader& header);
uint64_t checksum_of(const CacheRecord& record);

// Where things lie. images * plane_bytes must be below 2^56.
struct CacheLayout {
  uint64_t images;
  uint64_t plane_bytes;
  uint64_t record_at(uint64_t image) const { return cache_page + image * sizeof(CacheRecord); }
  uint64_t stride() const { return (plane_bytes + 63) / 64 * 64; }
  uint64_t planes_at() const { return (record_at(images) + cache_page - 1) / cache_page * cache_page; }
  uint64_t plane_at(uint64_t image) const { return planes_at() + image * stride(); }
  uint64_t bytes() const { return plane_at(images); }
};

// The header of a file, and its parts, once they were found to fit in it. Empty reason: all is well.
struct CacheView {
  std::string reason;
  CacheHeader header;
  std::span<const std::byte> file;
  CacheLayout layout() const { return {header.images, header.plane_bytes}; }
  // All zeros where it is not there or damaged.
  CacheRecord record(uint64_t image) const;
  std::span<const uint8_t> plane(uint64_t image) const;
  bool plane_is_sound(uint64_t image) const;  // its checksum is the record's
};
// key: what has to have made the planes, plane_bytes: how large one has to be.
CacheView view_cache(std::span<const std::byte> file, const std::string& key, uint64_t plane_bytes);

}  // namespace thorax::data
