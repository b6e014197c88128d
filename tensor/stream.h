// A Stream says where the steps of a Program run. On a CPU it is the number of threads; on a GPU it will hold the queue and the
// library handles.
#pragma once

#include <cstdint>

namespace thorax {

enum class Device : uint8_t { cpu, cuda };

struct Stream {
  Device device = Device::cpu;
  int threads = 1;
};

}  // namespace thorax
