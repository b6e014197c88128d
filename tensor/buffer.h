// The only owner of large memory: page-aligned, on huge pages where the system allows it (a fresh 4 KiB page costs 3 GB/s,
// a huge one 17 GB/s), zero-filled, never returned before the Buffer ends.
#pragma once

#include <cstddef>
#include <cstdint>

namespace thorax {

class Buffer {
 public:
  Buffer() = default;
  // Throws Error(machine) when the system refuses. bytes may be 0.
  explicit Buffer(size_t bytes);
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
};

}  // namespace thorax
