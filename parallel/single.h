// The communicator of a process that is alone.
#pragma once

#include <cstring>
#include <string>

#include "tensor/communicator.h"
#include "tensor/queue.h"

namespace thorax::parallel {

class Single final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::string name() const override { return "nothing"; }
  void all_reduce(const Stream&, const Tensor&) override {}
  void broadcast(const Stream&, const Tensor&, int) override {}
  void all_gather(const Stream& on, const Tensor& from, const Tensor& to) override {
    if (on.queue != nullptr)
      on.queue->copy(to.data, from.data, from.bytes());
    else
      std::memcpy(to.data, from.data, from.bytes());
  }
  void barrier() override {}
};

}  // namespace thorax::parallel
