// Numbers between two pages that nobody may touch: a kernel that reads or writes one element too far ends the test program.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace thorax::test {

// Where the numbers lie: right behind the first page, or right in front of the last one.
enum class Flush { front, back };

template <class T>
class Guarded {
 public:
  Guarded(size_t count, Flush flush) : count_(count) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t bytes = count * sizeof(T), inner = (bytes + page - 1) / page * page;
    bytes_ = inner + 2 * page;
    memory_ = mmap(nullptr, bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    std::byte* const first = static_cast<std::byte*>(memory_) + page;
    if (inner > 0 && mprotect(first, inner, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    data_ = reinterpret_cast<T*>(flush == Flush::front ? first : first + (inner - bytes));
  }
  Guarded(Guarded&& from) noexcept
      : count_(from.count_), bytes_(from.bytes_), memory_(std::exchange(from.memory_, nullptr)), data_(from.data_) {}
  Guarded& operator=(Guarded&&) = delete;
  ~Guarded() {
    if (memory_ != nullptr) munmap(memory_, bytes_);
  }

  T* data() const { return data_; }
  size_t size() const { return count_; }
  T& operator[](size_t i) const { return data_[i]; }
  T* begin() const { return data_; }
  T* end() const { return data_ + count_; }

 private:
  size_t count_, bytes_ = 0;
  void* memory_ = nullptr;
  T* data_ = nullptr;
};

}  // namespace thorax::test
