#include "kernels/linear.h"

#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void linear_forward(const Stream&, const Tensor&, const Tensor&, const Tensor&, const Tensor&))
THORAX_TWINS(void linear_backward_data(const Stream&, const Tensor&, const Tensor&, const Tensor&, bool))
THORAX_TWINS(void linear_backward_weights(const Stream&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, bool))

namespace {

void require_rank_2(const char* op, const char* name, const Tensor& t) {
  require(t.shape.rank() == 2, op, name, " is ", t.shape, ", expected two dimensions");
}

}  // namespace

void linear_forward(const Stream& stream, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y) {
  require_rank_2("linear_forward", "x", x);
  require_rank_2("linear_forward", "weight", weight);
  const int64_t images = x.shape[0], in = x.shape[1], out = weight.shape[0];
  require_plain("linear_forward", "x", x, DType::f32, {images, in});
  require(weight.shape[1] == in, "linear_forward", "x is ", x.shape, ", weight is ", weight.shape);
  require_plain("linear_forward", "weight", weight, DType::f32, {out, in});
  require_plain("linear_forward", "bias", bias, DType::f32, {out});
  require_plain("linear_forward", "y", y, DType::f32, {images, out});
  THORAX_RUN(linear_forward, stream, x, weight, bias, y);
}

void linear_backward_data(const Stream& stream, const Tensor& dy, const Tensor& weight, const Tensor& dx, bool accumulate) {
  require_rank_2("linear_backward_data", "dy", dy);
  require_rank_2("linear_backward_data", "weight", weight);
  const int64_t images = dy.shape[0], out = dy.shape[1], in = weight.shape[1];
  require_plain("linear_backward_data", "dy", dy, DType::f32, {images, out});
  require(weight.shape[0] == out, "linear_backward_data", "dy is ", dy.shape, ", weight is ", weight.shape);
  require_plain("linear_backward_data", "weight", weight, DType::f32, {out, in});
  require_plain("linear_backward_data", "dx", dx, DType::f32, {images, in});
  THORAX_RUN(linear_backward_data, stream, dy, weight, dx, accumulate);
}

void linear_backward_weights(const Stream& stream, const Tensor& dy, const Tensor& x, const Tensor& dweight, const Tensor& dbias,
                             bool accumulate) {
  require_rank_2("linear_backward_weights", "dy", dy);
  require_rank_2("linear_backward_weights", "x", x);
  const int64_t images = dy.shape[0], out = dy.shape[1], in = x.shape[1];
  require(x.shape[0] == images, "linear_backward_weights", "dy is ", dy.shape, ", x is ", x.shape);
  require_plain("linear_backward_weights", "dy", dy, DType::f32, {images, out});
  require_plain("linear_backward_weights", "x", x, DType::f32, {images, in});
  require_plain("linear_backward_weights", "dweight", dweight, DType::f32, {out, in});
  require_plain("linear_backward_weights", "dbias", dbias, DType::f32, {out});
  THORAX_RUN(linear_backward_weights, stream, dy, x, dweight, dbias, accumulate);
}

}  // namespace thorax
