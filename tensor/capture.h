// A piece of a queue's work as one CUDA Graph: recorded without being run, then replayed with a single call. Whatever varies
// between replays has to lie in memory that the work reads; addresses are those of the recording.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tensor/queue.h"

namespace thorax {

// A kernel of the work, as it would be launched.
struct Launch {
  int64_t blocks = 0;
  int threads = 0;           // of a block
  int registers = 0;         // of a thread; 0: a library's kernel, which does not tell
  int64_t shared_bytes = 0;  // of a block
};

class Capture {
 public:
  // work: puts things into the queue, and neither waits nor allocates. Throws Error(defect) when something in it cannot be
  // recorded; nothing of it has run then.
  Capture(Queue& queue, const std::function<void()>& work);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  void replay();
  std::vector<Launch> launches() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace thorax
