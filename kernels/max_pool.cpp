#include "kernels/max_pool.h"

#include "kernels/checks.h"

namespace thorax {

THORAX_TWINS(void max_pool_forward(const Stream& stream, const Tensor& x, const Window& window, const Tensor& y, const Tensor& index))
THORAX_TWINS(void max_pool_backward(const Stream& stream, const Tensor& dy, const Tensor& index, const Window& window, const Tensor& dx, bool accumulate))

namespace {

void check(const char* op, const Tensor& x, const Window& w, const Tensor& y, const Tensor& index) {
  check_slice(op, x);
  check_slice(op, y);
  const Shape expected{x.shape[0], x.shape[1], w.out(x.shape[2]), w.out(x.shape[3])};
  if (!(y.shape == expected) || !(index.shape == expected) || x.dtype != y.dtype || w.kernel * w.kernel > 255) {
    throw Error(Fault::defect, str(op, ": ", x.shape, ' ', x.dtype, " pools to ", expected, ", not to ", y.shape, ' ', y.dtype));
  }
}

}  // namespace

void max_pool_forward(const Stream& stream, const Tensor& x, const Window& window, const Tensor& y, const Tensor& index) {
  check("max_pool_forward", x, window, y, index);
  THORAX_RUN(max_pool_forward, stream, x, window, y, index);
}

void max_pool_backward(const Stream& stream, const Tensor& dy, const Tensor& index, const Window& window, const Tensor& dx, bool accumulate) {
  check("max_pool_backward", dx, window, dy, index);
  THORAX_RUN(max_pool_backward, stream, dy, index, window, dx, accumulate);
}

}  // namespace thorax
