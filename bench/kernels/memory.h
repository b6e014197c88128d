// The operands of a case in the device's memory, several times over, so that a kernel can be run on memory that no cache holds.
#pragma once

#include <vector>

#include "bench/kernels/case.h"
#include "tensor/buffer.h"

namespace thorax::bench {

class Memory {
 public:
  Memory(const Case& c, const Stream& stream, size_t sets);
  size_t sets() const { return tensors_.size(); }
  const std::vector<Tensor>& set(size_t i) const { return tensors_[i]; }
  // Of the first set, after work in the queue is done: element i in the plain order of an operand.
  double read(size_t operand, int64_t i) const;
  void fetch(size_t operand);  // before read()

  static size_t bytes_of(const Case& c);

 private:
  const Stream& stream_;
  Buffer device_;
  std::vector<std::vector<Tensor>> tensors_;
  Buffer host_;
  size_t fetched_ = 0;
};

}  // namespace thorax::bench
