// Numbers that the host sets before each run and kernels read from their device's memory. On a GPU they are copied to one place
// in every run, so that a step that is replayed there can have other values each time.
#pragma once

#include <string>

#include "tensor/planner.h"

namespace thorax {

template <class T>
class OnDevice {
 public:
  // host: [count], must outlive the program; count 0: there is none, and in() is null.
  OnDevice(Emitter& emit, const std::string& name, T* host, size_t count) : host_(host) {
    if (emit.stream().device == Device::cpu || count == 0) return;
    slot_ = emit.upload(name, host, count * sizeof(T));
  }

  // For a step to declare; null on the CPU.
  Slot slot() const { return slot_; }
  T* in(const Run& run) const {
    const Tensor copy = run[slot_];
    return copy ? static_cast<T*>(copy.data) : host_;
  }

 private:
  T* host_;
  Slot slot_;
};

}  // namespace thorax
