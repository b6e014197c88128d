// A second road for the steps of a program, beside the one that its stream takes: a thread on the CPU, a second queue on a GPU.
// What runs there runs in the order in which it was given.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>

#include "tensor/failure.h"
#include "tensor/queue.h"

namespace thorax {

class Lane {
 public:
  explicit Lane(const Stream& main);
  // Waits for what runs; what has not begun is left.
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // That work is to use: one thread on the CPU, the second queue on a GPU.
  const Stream& stream() const { return stream_; }
  // work begins when all that the main stream was given so far is done, and runs beside what that is given next. On a GPU it
  // puts things into this lane's queue.
  void run(std::function<void()> work);
  // All that the main stream is given from now on begins when this lane is empty. On the CPU it waits, and throws what the work
  // has thrown; work behind a failure is left out.
  void join();

 private:
  void serve();
  Stream main_, stream_;
  Failure failure_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::queue<std::function<void()>> waiting_;
  bool busy_ = false;
  bool ending_ = false;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace thorax
