// 2-D convolution without bias, as three operations: forward, backward_data, backward_filter. Each is made once, at plan time,
// for one whole problem (shape, dtype, algorithm, threads), and is then called with addresses alone. On the CPU they are
// oneDNN's, on a GPU cuDNN's. Activations are blocked on the CPU and nhwc on a GPU, and packed: no slices of channels.
#pragma once

#include <cstddef>
#include <memory>

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

struct Conv2dShape {
  int64_t images = 1;
  int64_t in_channels = 0;
  int64_t height = 0;
  int64_t width = 0;
  int64_t out_channels = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t pad = 0;
  DType dtype = DType::f32;  // of x, y and their gradients; filters and their gradients are f32 outside
  bool plain_input = false;  // x is [N,C,H,W] plain with 1 or 3 channels (the stem); else blocked

  int64_t out_height() const { return (height + 2 * pad - kernel) / stride + 1; }
  int64_t out_width() const { return (width + 2 * pad - kernel) / stride + 1; }
  Shape filter() const { return {out_channels, in_channels, kernel, kernel}; }
  double flops() const {
    return 2.0 * static_cast<double>(images * out_channels * out_height() * out_width()) *
           static_cast<double>(in_channels * kernel * kernel);
  }
};

// How a convolution is carried out.
struct Conv2dChoice {
  // F(4x4,3x3), fp32 with AVX-512 only: half the multiplications of a 3x3, about 4 times the rounding error. Where the library
  // has no such kernel the direct algorithm is taken.
  bool winograd = false;
  int threads = 1;  // inside one call
  int callers = 1;  // threads that call at the same time, each with its own `caller` number and workspace
};

class Conv2dKernel;

// y = conv(x, filter).
class ConvForward {
 public:
  // Throws Error(defect) when no fast implementation exists for the problem.
  ConvForward(const Conv2dShape& shape, const Conv2dChoice& choice, const Stream& stream);
  size_t packed_bytes() const;
  size_t workspace_bytes() const;  // per caller
  // filter: [O,I,k,k] f32 plain -> packed, in the library's layout and the problem's dtype.
  void pack(const Stream& stream, const float* filter, void* packed) const;
  // x: [N,I,H,W], y: [N,O,H',W'] overwritten.
  void run(const Stream& stream, int caller, const void* x, const void* packed, void* y, void* workspace) const;

 private:
  std::shared_ptr<const Conv2dKernel> kernel_;
};

// dx = the gradient of conv with respect to x.
class ConvBackwardData {
 public:
  ConvBackwardData(const Conv2dShape& shape, const Conv2dChoice& choice, const Stream& stream);
  size_t packed_bytes() const;
  size_t workspace_bytes() const;
  void pack(const Stream& stream, const float* filter, void* packed) const;
  // dy: [N,O,H',W'], dx: [N,I,H,W] overwritten.
  void run(const Stream& stream, int caller, const void* dy, const void* packed, void* dx, void* workspace) const;

 private:
  std::shared_ptr<const Conv2dKernel> kernel_;
};

// dfilter = the gradient of conv with respect to the filter, in the library's layout: f32 on the CPU, the problem's dtype on a
// GPU.
class ConvBackwardFilter {
 public:
  ConvBackwardFilter(const Conv2dShape& shape, const Conv2dChoice& choice, const Stream& stream);
  // Whether a fast implementation exists.
  static bool exists(const Conv2dShape& shape, const Stream& stream);
  size_t packed_bytes() const;
  size_t workspace_bytes() const;
  // x: [N,I,H,W], dy: [N,O,H',W'], dfilter: packed, overwritten.
  void run(const Stream& stream, int caller, const void* x, const void* dy, void* dfilter, void* workspace) const;
  // packed -> [O,I,k,k] f32 plain, written or added to.
  void unpack(const Stream& stream, const void* packed, float* filter_gradient, bool accumulate) const;

 private:
  std::shared_ptr<const Conv2dKernel> kernel_;
};

}  // namespace thorax
