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
  return {found.name,
          found.major,
          found.minor,
          found.multiProcessorCount,
          found.totalGlobalMem,
          static_cast<size_t>(found.l2CacheSize),
          std::string(found.uuid.bytes, sizeof found.uuid.bytes)};
}

std::string obstacle_of(cudaError_t found, const CudaReport& report) {
  if (found == cudaErrorInsufficientDriver) return "no GPU is found: there is no NVIDIA driver, or it is too old";
  if (found != cudaSuccess) return str("no GPU is found: ", cudaGetErrorString(found));
  if (report.gpus.empty()) return "no GPU is found: the driver sees none";
  const Gpu& first = report.gpus.front();
  if (first.major * 10 + first.minor < 75)
    return str(first.name, " has compute capability ", first.major, '.', first.minor, ", at least 7.5 is needed");
  return {};
}

struct Event {
  Event() { check_cuda(cudaEventCreate(&it), "an event"); }
  ~Event() { cudaEventDestroy(it); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  cudaEvent_t it = nullptr;
};

}  // namespace

CudaReport cuda_report() {
  CudaReport report;
  static_cast<void>(cudaDriverGetVersion(&report.driver));
  static_cast<void>(cudaRuntimeGetVersion(&report.runtime));
  int count = 0;
  const cudaError_t found = cudaGetDeviceCount(&count);
  for (int i = 0; found == cudaSuccess && i < count; ++i) report.gpus.push_back(describe(i));
  report.obstacle = obstacle_of(found, report);
  return report;
}

Queue::Queue(int number) : failure_(std::make_shared<Failure>()) {
  const CudaReport report = cuda_report();
  if (!report.obstacle.empty()) throw Error(Fault::machine, report.obstacle, report.hint);
  if (number < 0 || static_cast<size_t>(number) >= report.gpus.size())
    throw Error(Fault::machine, str("there is no GPU ", number, ": the driver sees ", report.gpus.size()));
  gpu_ = report.gpus[static_cast<size_t>(number)];
  check_cuda(cudaSetDevice(number), "the GPU cannot be used", Fault::machine);
  open();
}

void Queue::open() {
  check_cuda(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking), "a queue on the GPU", Fault::machine);
  check_cuda(cudaEventCreateWithFlags(&reached_, cudaEventDisableTiming), "an event", Fault::machine);
}

Queue::~Queue() {
  libraries_.clear();  // their handles belong to this queue
  if (reached_ != nullptr) cudaEventDestroy(reached_);
  if (handle_ != nullptr) cudaStreamDestroy(handle_);
}

std::shared_ptr<Queue> Queue::beside() const {
  std::shared_ptr<Queue> made(new Queue(failure_));
  made->gpu_ = gpu_;
  made->open();
  return made;
}

void Queue::after(Queue& other) {
  check_cuda(cudaEventRecord(other.reached_, other.handle_), "an event");
  check_cuda(cudaStreamWaitEvent(handle_, other.reached_, 0), "waiting for another queue");
}

void Queue::call(void (*work)(void*), void* data) {
  check_cuda(cudaLaunchHostFunc(handle_, work, data), "a call of the host in a queue");
}

void Queue::copy(void* to, const void* from, size_t bytes) {
  check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, handle_), "a copy to or from the GPU");
}

void Queue::fill(void* to, int byte, size_t bytes) {
  check_cuda(cudaMemsetAsync(to, byte, bytes, handle_), "a fill of the GPU's memory");
}

double Queue::seconds(const std::function<void()>& work) {
  const Event begin, end;
  check_cuda(cudaEventRecord(begin.it, handle_), "an event");
  work();
  check_cuda(cudaEventRecord(end.it, handle_), "an event");
  check_cuda(cudaEventSynchronize(end.it), "work on the GPU");
  float milliseconds = 0;
  check_cuda(cudaEventElapsedTime(&milliseconds, begin.it, end.it), "the time between two events");
  return static_cast<double>(milliseconds) * 1e-3;
}

void Queue::wait() {
  const cudaError_t done = cudaStreamSynchronize(handle_);
  failure_->rethrow();
  check_cuda(done, "work on the GPU");
}

bool built_with_cuda() {
  return true;
}

#else

bool built_with_cuda() {
  return false;
}

CudaReport cuda_report() {
  return {0, 0, {}, "no GPU is used: this thorax was built without CUDA", "configure with -DTHORAX_CUDA=ON"};
}

namespace {
[[noreturn]] void refuse() {
  const CudaReport report = cuda_report();
  throw Error(Fault::machine, report.obstacle, report.hint);
}
}  // namespace

Queue::Queue(int) {
  refuse();
}
Queue::~Queue() = default;
std::shared_ptr<Queue> Queue::beside() const {
  refuse();
}
void Queue::after(Queue&) {
  refuse();
}
void Queue::call(void (*)(void*), void*) {
  refuse();
}
void Queue::copy(void*, const void*, size_t) {
  refuse();
}
void Queue::fill(void*, int, size_t) {
  refuse();
}
double Queue::seconds(const std::function<void()>&) {
  refuse();
}
void Queue::wait() {
  refuse();
}

#endif

Stream gpu_stream(int threads, int number) {
  return {Device::cuda, threads, std::make_shared<Queue>(number)};
}

}  // namespace thorax
