// With THORAX_TEST_DEVICE=cuda all that this program allocates can be read and written by the CPU and by the GPU (managed
// memory), so that the same test serves both. Kernels must then be launched one by one (CUDA_LAUNCH_BLOCKING=1).
#ifdef THORAX_CUDA

#include <cuda_runtime_api.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <new>

#include "tests/device.h"

namespace {

constexpr std::size_t pool_bytes = std::size_t{1} << 30;
constexpr std::size_t alignment = 64;

// One managed block, handed out in powers of two; what is freed is kept in a list of its size.
class Pool {
 public:
  void* take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const int rank = std::bit_width(bytes + alignment - 1);
    Free*& list = free_.at(static_cast<std::size_t>(rank));
    if (list != nullptr) {
      Free* found = list;
      list = found->next;
      return found;
    }
    const std::size_t size = std::size_t{1} << rank;
    if (used_ + size > pool_bytes) return nullptr;
    used_ += size;
    return begin_ + (used_ - size);
  }
  void give_back(void* p, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    auto* returned = static_cast<Free*>(p);
    Free*& list = free_.at(static_cast<std::size_t>(std::bit_width(bytes + alignment - 1)));
    returned->next = list;
    list = returned;
  }
  bool open() {
    void* p = nullptr;
    if (cudaMallocManaged(&p, pool_bytes, cudaMemAttachGlobal) != cudaSuccess) return false;
    begin_ = static_cast<std::byte*>(p);
    return true;
  }
  bool holds(const void* p) const {
    const auto* at = static_cast<const std::byte*>(p);
    return begin_ != nullptr && at >= begin_ && at < begin_ + pool_bytes;
  }
  bool is_open() const { return begin_ != nullptr; }

 private:
  struct Free {
    Free* next;
  };
  std::mutex mutex_;
  std::byte* begin_ = nullptr;
  std::size_t used_ = 0;
  std::array<Free*, 64> free_{};
};

Pool& pool() {
  alignas(Pool) static std::byte memory[sizeof(Pool)];  // never destroyed: others are destroyed later
  static Pool* made = new (memory) Pool;
  return *made;
}

// Before every allocation its size, as far ahead as it must be aligned.
void* allocate(std::size_t bytes) {
  const std::size_t whole = bytes + alignment;
  void* p = pool().is_open() ? pool().take(whole) : nullptr;
  if (p == nullptr) p = std::aligned_alloc(alignment, (whole + alignment - 1) / alignment * alignment);
  if (p == nullptr) throw std::bad_alloc();
  *static_cast<std::size_t*>(p) = whole;
  return static_cast<std::byte*>(p) + alignment;
}

void release(void* p) noexcept {
  if (p == nullptr) return;
  void* begin = static_cast<std::byte*>(p) - alignment;
  if (pool().holds(begin)) {
    pool().give_back(begin, *static_cast<std::size_t*>(begin));
  } else {
    std::free(begin);
  }
}

// Opened before main, behind which the tests allocate.
const bool opened = thorax::test::on_gpu() && thorax::test::test_queue() != nullptr && pool().open();

}  // namespace

void* operator new(std::size_t bytes) {
  return allocate(bytes);
}
void* operator new[](std::size_t bytes) {
  return allocate(bytes);
}
void operator delete(void* p) noexcept {
  release(p);
}
void operator delete[](void* p) noexcept {
  release(p);
}
void operator delete(void* p, std::size_t) noexcept {
  release(p);
}
void operator delete[](void* p, std::size_t) noexcept {
  release(p);
}

#endif
