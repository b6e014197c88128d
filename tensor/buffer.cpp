#include "tensor/buffer.h"

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tensor/error.h"
#ifdef THORAX_CUDA
#include "tensor/cuda_check.h"
#endif

namespace thorax {

namespace {
std::atomic<int64_t> buffers_made{0};
constexpr size_t huge_page = size_t{2} << 20;
constexpr const char* hint = "a smaller --batch or --size needs less";

size_t rounded(size_t bytes) {
  const size_t page = bytes >= huge_page ? huge_page : 4096;
  return (bytes + page - 1) / page * page;
}

std::byte* host_memory(size_t bytes) {
  // Over-allocate by one huge page and give back the ends, so that the block begins on a huge page.
  const size_t size = rounded(bytes);
  const size_t slack = size >= huge_page ? huge_page : 0;
  void* p = mmap(nullptr, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) throw Error(Fault::machine, str("out of memory: ", bytes, " bytes refused: ", std::strerror(errno)), hint);
  auto* begin = static_cast<std::byte*>(p);
  if (slack != 0) {
    const size_t head = (huge_page - reinterpret_cast<uintptr_t>(begin) % huge_page) % huge_page;
    if (head != 0) munmap(begin, head);
    if (head != slack) munmap(begin + head + size, slack - head);
    begin += head;
    madvise(begin, size, MADV_HUGEPAGE);  // advice: a refusal costs speed alone
  }
  return begin;
}

#ifdef THORAX_CUDA
std::byte* cuda_memory(size_t bytes, Place place) {
  void* p = nullptr;
  const cudaError_t made = place == Place::gpu ? cudaMalloc(&p, bytes) : cudaMallocHost(&p, bytes);
  if (made != cudaSuccess) {
    static_cast<void>(cudaGetLastError());  // a refusal is no defect: later checks must not find it
    throw Error(Fault::machine,
                str("out of ", place == Place::gpu ? "the GPU's" : "page-locked", " memory: ", bytes,
                    " bytes refused: ", cudaGetErrorString(made)),
                hint);
  }
  if (place == Place::pinned) {
    std::memset(p, 0, bytes);
  } else {
    check_cuda(cudaMemset(p, 0, bytes), "new memory of the GPU");
    check_cuda(cudaDeviceSynchronize(), "new memory of the GPU");  // queues do not wait for the default one
  }
  return static_cast<std::byte*>(p);
}

void give_back_cuda(void* p, Place place) {
  if (place == Place::gpu) {
    cudaFree(p);
  } else {
    cudaFreeHost(p);
  }
}
#else
std::byte* cuda_memory(size_t, Place) {
  throw Error(Fault::defect, "a GPU's memory was asked for, and this thorax was built without CUDA");
}
void give_back_cuda(void*, Place) {}
#endif

}  // namespace

Buffer::Buffer(size_t bytes, Place place) : bytes_(bytes), place_(place) {
  if (bytes == 0) return;
  data_ = place == Place::host ? host_memory(bytes) : cuda_memory(bytes, place);
  buffers_made.fetch_add(1, std::memory_order_relaxed);
}

Buffer::~Buffer() {
  if (data_ == nullptr) return;
  if (place_ == Place::host) {
    munmap(data_, rounded(bytes_));
  } else {
    give_back_cuda(data_, place_);
  }
}

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)), place_(other.place_) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(place_, other.place_);
  return *this;
}

int64_t Buffer::made() {
  return buffers_made.load(std::memory_order_relaxed);
}

}  // namespace thorax
