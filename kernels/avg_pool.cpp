#include "kernels/avg_pool.h"

#include "kernels/checks.h"

namespace thorax {

THORAX_TWINS(void avg_pool_forward(const Stream& stream, const Tensor& x, const Window& window, const Tensor& y))
THORAX_TWINS(void avg_pool_backward(const Stream& stream, const Tensor& dy, const Window& window, const Tensor& dx, bool accumulate))
THORAX_TWINS(void global_avg_pool_forward(const Stream& stream, const Tensor& x, const Tensor& y))
THORAX_TWINS(void global_avg_pool_backward(const Stream& stream, const Tensor& dy, const Tensor& dx, bool accumulate))

namespace {

void check(const char* op, const Tensor& x, const Window& w, const Tensor& y) {
  check_slice(op, x);
  check_slice(op, y);
  const Shape expected{x.shape[0], x.shape[1], w.out(x.shape[2]), w.out(x.shape[3])};
  if (!(y.shape == expected) || w.pad != 0 || x.dtype != y.dtype) {
    throw Error(Fault::defect, str(op, ": ", x.shape, ' ', x.dtype, " pools to ", expected, " without padding, not to ", y.shape, ' ', y.dtype));
  }
}

void check_global(const char* op, const Tensor& x, const Tensor& y) {
  check_slice(op, x);
  if (!(y.shape == Shape{x.shape[0], x.shape[1]})) throw Error(Fault::defect, str(op, ": ", x.shape, " and ", y.shape, ", [N,C] is expected"));
}

}  // namespace

void avg_pool_forward(const Stream& stream, const Tensor& x, const Window& window, const Tensor& y) {
  check("avg_pool_forward", x, window, y);
  THORAX_RUN(avg_pool_forward, stream, x, window, y);
}

void avg_pool_backward(const Stream& stream, const Tensor& dy, const Window& window, const Tensor& dx, bool accumulate) {
  check("avg_pool_backward", dx, window, dy);
  THORAX_RUN(avg_pool_backward, stream, dy, window, dx, accumulate);
}

void global_avg_pool_forward(const Stream& stream, const Tensor& x, const Tensor& y) {
  check_global("global_avg_pool_forward", x, y);
  THORAX_RUN(global_avg_pool_forward, stream, x, y);
}

void global_avg_pool_backward(const Stream& stream, const Tensor& dy, const Tensor& dx, bool accumulate) {
  check_global("global_avg_pool_backward", dx, dy);
  THORAX_RUN(global_avg_pool_backward, stream, dy, dx, accumulate);
}

}  // namespace thorax
