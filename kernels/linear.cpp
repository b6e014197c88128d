#include "kernels/linear.h"

#include "kernels/isa.h"

namespace thorax {

THORAX_TWINS(void linear_forward(const Stream& stream, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y))
THORAX_TWINS(void linear_backward_data(const Stream& stream, const Tensor& dy, const Tensor& weight, const Tensor& dx, bool accumulate))
THORAX_TWINS(void linear_backward_weights(const Stream& stream, const Tensor& x, const Tensor& dy, const Tensor& dweight, const Tensor& dbias,
                                          bool accumulate))

namespace {

void check(const char* op, const Tensor& x, const Tensor& weight, const Tensor& y) {
  const bool ranks = x.shape.rank() == 2 && weight.shape.rank() == 2 && y.shape.rank() == 2;
  if (!ranks || x.shape[1] != weight.shape[1] || y.shape[1] != weight.shape[0] || x.shape[0] != y.shape[0]) {
    throw Error(Fault::defect, str(op, ": x ", x.shape, ", weight ", weight.shape, ", y ", y.shape, "; [N,in], [out,in], [N,out] are expected"));
  }
}

}  // namespace

void linear_forward(const Stream& stream, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y) {
  check("linear_forward", x, weight, y);
  THORAX_RUN(linear_forward, stream, x, weight, bias, y);
}

void linear_backward_data(const Stream& stream, const Tensor& dy, const Tensor& weight, const Tensor& dx, bool accumulate) {
  check("linear_backward_data", dx, weight, dy);
  THORAX_RUN(linear_backward_data, stream, dy, weight, dx, accumulate);
}

void linear_backward_weights(const Stream& stream, const Tensor& x, const Tensor& dy, const Tensor& dweight, const Tensor& dbias, bool accumulate) {
  check("linear_backward_weights", x, dweight, dy);
  THORAX_RUN(linear_backward_weights, stream, x, dy, dweight, dbias, accumulate);
}

}  // namespace thorax
