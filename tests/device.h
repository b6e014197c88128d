// The device that tests run on: the CPU, or with THORAX_TEST_DEVICE=cuda the first GPU. Without one the whole program says that
// it was skipped.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "kernels/isa.h"
#include "tensor/buffer.h"
#include "tensor/error.h"
#include "tensor/queue.h"
#include "tensor/tensor.h"

namespace thorax::test {

inline bool on_gpu() {
  static const bool wanted = [] {
    const char* device = std::getenv("THORAX_TEST_DEVICE");
    return device != nullptr && std::string(device) == "cuda";
  }();
  return wanted;
}

inline std::shared_ptr<Queue> test_queue() {
  // Never destroyed: at the end of the process the driver may be gone before it.
  static const auto* queue = new std::shared_ptr<Queue>([]() -> std::shared_ptr<Queue> {
    if (!on_gpu()) return nullptr;
    try {
      return std::make_shared<Queue>();
    } catch (const Error& e) {
      std::printf("[skipped] %s\n", e.what());
      std::fflush(stdout);
      std::_Exit(0);
    }
  }());
  return *queue;
}

inline Stream test_stream(int threads) {
  return {on_gpu() ? Device::cuda : Device::cpu, threads, test_queue()};
}

// Of activations.
inline Layout test_layout() {
  return on_gpu() ? Layout::nhwc : Layout::blocked;
}

inline Place test_place() {
  return on_gpu() ? Place::gpu : Place::host;
}

inline bool test_has_bf16() {
  return on_gpu() ? test_queue()->gpu().has_bf16() : has_bf16();
}

}  // namespace thorax::test
