// The next batch's way to a GPU while the current one is computed: page-locked memory that the host fills, and memory of the GPU
// that it is copied to in a queue of its own. Two of each: one is read while the other is written.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "tensor/buffer.h"
#include "tensor/queue.h"

namespace thorax {

class InputStage {
 public:
  // bytes: the most that send() is given.
  InputStage(std::shared_ptr<Queue> compute, size_t bytes);

  // Copies from the host's memory and returns; the way to the GPU goes on. The compute queue's work so far is not waited for.
  void send(std::span<const std::byte> content);
  // What was sent last, in the GPU's memory, for work that is put into the compute queue from now on; it stays there until
  // send() is called twice more. Null: nothing was sent since the last call.
  const std::byte* take();

 private:
  struct Side {
    Buffer host, gpu;
  };
  std::shared_ptr<Queue> compute_;
  std::shared_ptr<Queue> copies_;
  std::array<Side, 2> sides_;
  size_t next_ = 0;
  bool sent_ = false;
};

}  // namespace thorax
