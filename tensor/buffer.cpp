#include "tensor/buffer.h"

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tensor/error.h"

namespace thorax {

namespace {
std::atomic<int64_t> buffers_made{0};
constexpr size_t huge_page = size_t{2} << 20;

size_t rounded(size_t bytes) {
  const size_t page = bytes >= huge_page ? huge_page : 4096;
  return (bytes + page - 1) / page * page;
}
}  // namespace

Buffer::Buffer(size_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  // Over-allocate by one huge page and give back the ends, so that the block begins on a huge page.
  const size_t size = rounded(bytes);
  const size_t slack = size >= huge_page ? huge_page : 0;
  void* p = mmap(nullptr, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) {
    throw Error(Fault::machine, str("out of memory: ", bytes, " bytes refused: ", std::strerror(errno)),
                "a smaller --batch or --size needs less");
  }
  auto* begin = static_cast<std::byte*>(p);
  if (slack != 0) {
    const size_t head = (huge_page - reinterpret_cast<uintptr_t>(begin) % huge_page) % huge_page;
    if (head != 0) munmap(begin, head);
    if (head != slack) munmap(begin + head + size, slack - head);
    begin += head;
    madvise(begin, size, MADV_HUGEPAGE);  // advice: a refusal costs speed alone
  }
  data_ = begin;
  buffers_made.fetch_add(1, std::memory_order_relaxed);
}

Buffer::~Buffer() {
  if (data_ != nullptr) munmap(data_, rounded(bytes_));
}

Buffer::Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

int64_t Buffer::made() {
  return buffers_made.load(std::memory_order_relaxed);
}

}  // namespace thorax
