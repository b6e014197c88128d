#include "kernels/max_pool.h"

#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void max_pool_forward(const Stream&, const Slice&, const Window&, const Slice&, const Tensor&))
THORAX_TWINS(void max_pool_backward(const Stream&, const Slice&, const Tensor&, const Window&, const Slice&, bool))

namespace {

// large: the unpooled side (x or dx), small: the pooled one (y or dy).
void check(const Stream& stream, const char* op, const char* large_name, const Slice& large, const Window& w,
           const char* small_name, const Slice& small, const Tensor& index) {
  require_activation(stream, op, large_name, large);
  require_activation(stream, op, small_name, small);
  // The index is a byte, and every window must hold at least one pixel.
  require(w.kernel >= 1 && w.kernel <= 15 && w.stride >= 1 && w.pad >= 0 && 2 * w.pad <= w.kernel, op, "window ", w.kernel,
          ", stride ", w.stride, ", pad ", w.pad,
          ": expected a kernel of 1 to 15, a stride of 1 or more, a pad of half the kernel at most");
  const Shape from = shape_of(large);
  const Shape expected{from[0], from[1], pooled_size(from[2], w), pooled_size(from[3], w)};
  require(shape_of(small) == expected, op, large_name, " is ", from, ", ", small_name, " is ", shape_of(small), ", expected ",
          expected);
  require(large.buffer.dtype == small.buffer.dtype, op, large_name, " ", from, " is ", large.buffer.dtype, ", ", small_name, " ",
          expected, " is ", small.buffer.dtype);
  require(index && index.layout == small.buffer.layout && index.dtype == DType::u8 && index.shape == expected, op, "index is ",
          index.shape, " ", index.dtype, ", expected ", stream.device == Device::cuda ? "nhwc" : "blocked", " u8 ", expected);
}

}  // namespace

void max_pool_forward(const Stream& stream, const Slice& x, const Window& window, const Slice& y, const Tensor& index) {
  check(stream, "max_pool_forward", "x", x, window, "y", y, index);
  THORAX_RUN(max_pool_forward, stream, x, window, y, index);
}

void max_pool_backward(const Stream& stream, const Slice& dy, const Tensor& index, const Window& window, const Slice& dx,
                       bool accumulate) {
  check(stream, "max_pool_backward", "dx", dx, window, "dy", dy, index);
  THORAX_RUN(max_pool_backward, stream, dy, index, window, dx, accumulate);
}

}  // namespace thorax
