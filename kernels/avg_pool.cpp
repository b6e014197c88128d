#include "kernels/avg_pool.h"

#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void avg_pool_forward(const Stream&, const Slice&, const Window&, const Slice&))
THORAX_TWINS(void avg_pool_backward(const Stream&, const Slice&, const Window&, const Slice&, bool))
THORAX_TWINS(void global_avg_pool_forward(const Stream&, const Slice&, const Tensor&))
THORAX_TWINS(void global_avg_pool_backward(const Stream&, const Tensor&, const Slice&, bool))

namespace {

void check(const Stream& stream, const char* op, const char* large_name, const Slice& large, const Window& w,
           const char* small_name, const Slice& small) {
  require_activation(stream, op, large_name, large);
  require_activation(stream, op, small_name, small);
  require(w.kernel >= 1 && w.stride >= 1 && w.pad == 0, op, "window ", w.kernel, ", stride ", w.stride, ", pad ", w.pad,
          ": expected a kernel and a stride of 1 or more, and no padding");
  const Shape from = shape_of(large);
  const Shape expected{from[0], from[1], pooled_size(from[2], w), pooled_size(from[3], w)};
  require(shape_of(small) == expected, op, large_name, " is ", from, ", ", small_name, " is ", shape_of(small), ", expected ",
          expected);
  require(large.buffer.dtype == small.buffer.dtype, op, large_name, " ", from, " is ", large.buffer.dtype, ", ", small_name, " ",
          expected, " is ", small.buffer.dtype);
}

}  // namespace

void avg_pool_forward(const Stream& stream, const Slice& x, const Window& window, const Slice& y) {
  check(stream, "avg_pool_forward", "x", x, window, "y", y);
  THORAX_RUN(avg_pool_forward, stream, x, window, y);
}

void avg_pool_backward(const Stream& stream, const Slice& dy, const Window& window, const Slice& dx, bool accumulate) {
  check(stream, "avg_pool_backward", "dx", dx, window, "dy", dy);
  THORAX_RUN(avg_pool_backward, stream, dy, window, dx, accumulate);
}

void global_avg_pool_forward(const Stream& stream, const Slice& x, const Tensor& y) {
  require_activation(stream, "global_avg_pool_forward", "x", x);
  require(x.pixels() > 0, "global_avg_pool_forward", "x is ", shape_of(x), ", expected at least one pixel");
  require_plain("global_avg_pool_forward", "y", y, DType::f32, {x.images, x.channels});
  THORAX_RUN(global_avg_pool_forward, stream, x, y);
}

void global_avg_pool_backward(const Stream& stream, const Tensor& dy, const Slice& dx, bool accumulate) {
  require_activation(stream, "global_avg_pool_backward", "dx", dx);
  require_plain("global_avg_pool_backward", "dy", dy, DType::f32, {dx.images, dx.channels});
  THORAX_RUN(global_avg_pool_backward, stream, dy, dx, accumulate);
}

}  // namespace thorax
