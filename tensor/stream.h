// A Stream says where the steps of a Program run: on a CPU, with how many threads; on a GPU, in which queue.
#pragma once

#include <cstdint>
#include <memory>

namespace thorax {

enum class Device : uint8_t { cpu, cuda };

class Queue;

struct Stream {
  Device device = Device::cpu;
  int threads = 1;
  std::shared_ptr<Queue> queue{};  // with Device::cuda (tensor/queue.h)
};

}  // namespace thorax
