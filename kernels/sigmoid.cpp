#include "kernels/sigmoid.h"

#include "kernels/loss_math.h"

namespace thorax {

// A batch has some hundred logits: no twin per instruction set is needed.
void sigmoid_forward(const Stream&, const Tensor& x, const Tensor& y) {
  if (!(x.shape == y.shape)) throw Error(Fault::defect, str("sigmoid_forward: ", x.shape, " and ", y.shape, " differ"));
  for (int64_t i = 0; i < x.count(); ++i) y.as<float>()[i] = static_cast<float>(math::sigmoid(static_cast<double>(x.as<float>()[i])));
}

void sigmoid_backward(const Stream&, const Tensor& y, const Tensor& dy, const Tensor& dx, bool accumulate) {
  if (!(y.shape == dy.shape) || !(y.shape == dx.shape)) throw Error(Fault::defect, str("sigmoid_backward: ", y.shape, ", ", dy.shape, " and ", dx.shape, " differ"));
  for (int64_t i = 0; i < y.count(); ++i) {
    const float p = y.as<float>()[i];
    const float gradient = dy.as<float>()[i] * p * (1.0F - p);
    dx.as<float>()[i] = accumulate ? dx.as<float>()[i] + gradient : gradient;
  }
}

}  // namespace thorax
