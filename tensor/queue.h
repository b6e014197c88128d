// A GPU and one queue of work on it. Work runs in the order in which it is put in, after the call has returned. In a build
// without CUDA there is no way to have one.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <typeindex>
#include <vector>

#include "tensor/failure.h"
#include "tensor/stream.h"

struct CUstream_st;  // CUDA's own names: cudaStream_t and cudaEvent_t point to them
struct CUevent_st;

namespace thorax {

struct Gpu {
  std::string name;
  int major = 0;  // compute capability
  int minor = 0;
  int multiprocessors = 0;
  size_t bytes = 0;
  size_t cache_bytes = 0;  // of its L2
  std::string id{};        // no other in the world has it
  bool has_bf16() const { return major >= 8; }
};

// What CUDA says of this machine.
struct CudaReport {
  int driver = 0;  // the newest CUDA that it can run, as 13000 for 13.0; 0: there is none
  int runtime = 0;
  std::vector<Gpu> gpus;
  std::string obstacle;  // why the first cannot be used; empty: it can
  std::string hint;
};
CudaReport cuda_report();

class Queue {
 public:
  // On the GPU of this number among those that the process sees; the calling thread uses it from now on. Throws Error(machine)
  // with the reason when there is none.
  explicit Queue(int number = 0);
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  const Gpu& gpu() const { return gpu_; }
  CUstream_st* handle() const { return handle_; }

  // Another queue on the same GPU; what fails there is thrown by this one's wait(), too.
  std::shared_ptr<Queue> beside() const;
  // What is put in from now on begins when all that is in the other now is done. May be recorded: work that follows from a
  // recorded queue's is recorded with it.
  void after(Queue& other);
  // work(data) on the host, in its turn, by a thread of the driver: it may neither throw nor use the GPU, and data must be there
  // for as long as what was recorded may be replayed.
  void call(void (*work)(void*), void* data);
  // Where calls and threads put what the next wait() is to throw.
  Failure& failure() const { return *failure_; }

  // to, from: memory of the host (page-locked, or the call waits) or of the GPU.
  void copy(void* to, const void* from, size_t bytes);
  void fill(void* to, int byte, size_t bytes);
  // How long the GPU takes for what `work` puts in, in seconds; waits for it.
  double seconds(const std::function<void()>& work);
  // Returns when everything is done. Throws failure()'s, or Error(defect) when something failed on the way.
  void wait();

  // The queue's own T, made from the queue when it is first asked for: the handles of libraries that tensor/ does not know.
  template <class T>
  T& library() {
    std::shared_ptr<void>& made = libraries_[typeid(T)];
    if (!made) made = std::make_shared<T>(*this);
    return *static_cast<T*>(made.get());
  }

 private:
  explicit Queue(std::shared_ptr<Failure> failure) : failure_(std::move(failure)) {}
  void open();
  Gpu gpu_;
  CUstream_st* handle_ = nullptr;
  CUevent_st* reached_ = nullptr;  // what another queue waits for
  std::shared_ptr<Failure> failure_;
  std::map<std::type_index, std::shared_ptr<void>> libraries_;
};

// Whether this build can use a GPU at all.
bool built_with_cuda();

// A stream on a GPU. Throws as Queue().
Stream gpu_stream(int threads, int number = 0);

}  // namespace thorax
