#include "tensor/queue.h"

#include "tensor/error.h"
#ifdef THORAX_CUDA
#include "tensor/cuda_check.h"
#endif

namespace thorax {

#ifdef THORAX_CUDA

namespace {

Gpu describe(int device) {
  cudaDeviceProp found{};
  check_cuda(cudaGetDeviceProperties(&found, device), "the GPU's properties", Fault::machine);
  return {found.name, found.major, found.minor, found.multiProcessorCount, found.totalGlobalMem};
}

}  // namespace

Queue::Queue() {
  int count = 0;
  const cudaError_t found = cudaGetDeviceCount(&count);
  if (found == cudaErrorInsufficientDriver)
    throw Error(Fault::machine, "no GPU is found: there is no NVIDIA driver, or it is too old");
  if (found != cudaSuccess || count == 0)
    throw Error(Fault::machine,
                str("no GPU is found: ", found != cudaSuccess ? cudaGetErrorString(found) : "the driver sees none"));
  check_cuda(cudaSetDevice(0), "the GPU cannot be used", Fault::machine);
  gpu_ = describe(0);
  if (gpu_.major * 10 + gpu_.minor < 75)
    throw Error(Fault::machine,
                str(gpu_.name, " has compute capability ", gpu_.major, '.', gpu_.minor, ", at least 7.5 is needed"));
  check_cuda(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking), "a queue on the GPU", Fault::machine);
}

Queue::~Queue() {
  libraries_.clear();  // their handles belong to this queue
  if (handle_ != nullptr) cudaStreamDestroy(handle_);
}

void Queue::copy(void* to, const void* from, size_t bytes) {
  check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, handle_), "a copy to or from the GPU");
}

void Queue::fill(void* to, int byte, size_t bytes) {
  check_cuda(cudaMemsetAsync(to, byte, bytes, handle_), "a fill of the GPU's memory");
}

void Queue::wait() {
  check_cuda(cudaStreamSynchronize(handle_), "work on the GPU");
}

bool built_with_cuda() {
  return true;
}

#else

bool built_with_cuda() {
  return false;
}

namespace {
[[noreturn]] void refuse() {
  throw Error(Fault::machine, "no GPU is used: this thorax was built without CUDA", "configure with -DTHORAX_CUDA=ON");
}
}  // namespace

Queue::Queue() {
  refuse();
}
Queue::~Queue() = default;
void Queue::copy(void*, const void*, size_t) {
  refuse();
}
void Queue::fill(void*, int, size_t) {
  refuse();
}
void Queue::wait() {
  refuse();
}

#endif

Stream gpu_stream(int threads) {
  return {Device::cuda, threads, std::make_shared<Queue>()};
}

}  // namespace thorax
