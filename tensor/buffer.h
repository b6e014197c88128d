// The only owner of large memory, zero-filled, never returned before the Buffer ends. The host's is page-aligned and on huge
// pages where the system allows it (a fresh 4 KiB page costs 3 GB/s, a huge one 17 GB/s).
#pragma once

#include <cstddef>
#include <cstdint>

namespace thorax {

enum class Place : uint8_t {
  host,
  pinned,  // the host's, page-locked: a GPU reads and writes it without a copy in between
  gpu,
};

class Buffer {
 public:
  Buffer() = default;
  // Throws Error(machine) when the system refuses. bytes may be 0.
  explicit Buffer(size_t bytes, Place place = Place::host);
  ~Buffer();
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }

  // How many Buffers were ever made by this process: a step makes none (tests).
  static int64_t made();

 private:
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
  Place place_ = Place::host;
};

}  // namespace thorax
