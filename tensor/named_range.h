// What the CPU does between construction and destruction stands under this name in NVIDIA's profilers (NVTX); nothing else.
#pragma once

#include <string>

namespace thorax {

class NamedRange {
 public:
  explicit NamedRange(const std::string& name);
  ~NamedRange();  // NOLINT(performance-trivially-destructible): with CUDA it ends the range
  NamedRange(const NamedRange&) = delete;
  NamedRange& operator=(const NamedRange&) = delete;
};

}  // namespace thorax
