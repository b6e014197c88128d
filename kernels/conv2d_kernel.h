// What a library's convolution offers to kernels/conv2d.cpp: one object for one problem and one pass.
#pragma once

#include <array>

#include "kernels/conv2d.h"

namespace thorax {

enum class ConvPass : uint8_t { forward, backward_data, backward_filter };

class Conv2dKernel {
 public:
  // In the order of the passes' run(): (x, packed, y), (dy, packed, dx), (x, dy, dfilter), and the workspace.
  using Addresses = std::array<const void*, 4>;

  Conv2dKernel() = default;
  virtual ~Conv2dKernel() = default;
  Conv2dKernel(const Conv2dKernel&) = delete;
  Conv2dKernel& operator=(const Conv2dKernel&) = delete;

  virtual size_t filter_bytes() const = 0;
  virtual size_t workspace_bytes() const = 0;
  virtual void execute(const Stream& stream, int caller, const Addresses& addresses) const = 0;
  // Between [O,I,k,k] f32 plain and the library's own filter layout.
  virtual void filter_from_plain(const Stream& stream, const float* plain, void* packed) const = 0;
  virtual void filter_to_plain(const Stream& stream, const void* packed, float* plain, bool accumulate) const = 0;
};

// Both throw Error(defect) when the library has no fast implementation.
namespace cpu {
std::shared_ptr<const Conv2dKernel> make_conv2d(ConvPass pass, const Conv2dShape& shape, const Conv2dChoice& choice);
// Of an f16 problem.
std::shared_ptr<const Conv2dKernel> make_half_conv2d(ConvPass pass, const Conv2dShape& shape, const Conv2dChoice& choice);
}  // namespace cpu
namespace cuda {
std::shared_ptr<const Conv2dKernel> make_conv2d(ConvPass pass, const Conv2dShape& shape, const Stream& stream);
}

}  // namespace thorax
