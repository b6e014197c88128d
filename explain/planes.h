// Feature maps and heat maps in host memory.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace thorax::explain {

struct Planes {
  int64_t count = 0;
  int64_t height = 0;
  int64_t width = 0;
  std::vector<float> values;  // [count,height,width]

  Planes() = default;
  Planes(int64_t planes, int64_t h, int64_t w)
      : count(planes), height(h), width(w), values(static_cast<size_t>(planes * h * w)) {}
  int64_t pixels() const { return height * width; }
  float* plane(int64_t i) { return values.data() + i * pixels(); }
  const float* plane(int64_t i) const { return values.data() + i * pixels(); }
};

// One image of an activation or its gradient, [N,C,H,W] in the host's memory, in any layout, f32, bf16 or f16.
Planes planes_of(const Tensor& tensor, int64_t image);

}  // namespace thorax::explain
