// Kernels over flat arrays: the fully connected layer (n images, in, out) and the update (count parameters).
#include <algorithm>
#include <cmath>

#include "bench/kernels/case.h"
#include "kernels/average.h"
#include "kernels/linear.h"
#include "kernels/sgd.h"

namespace thorax::bench {

namespace {

Case linear(const Problem& p, const Stream&) {
  const int64_t n = p["n"], in_size = p["in"], out = p["out"];
  Case made;
  made.operands = {array("x", {n, in_size}), array("weight", {out, in_size}), array("bias", {out}),
                   array("y", {n, out}, Operand::Use::out)};
  made.run = [](const Stream& s, const std::vector<Tensor>& t) { linear_forward(s, t[0], t[1], t[2], t[3]); };
  made.expected = [in_size, out](const Inputs& in, size_t, int64_t i) {
    double sum = in.at(2, i % out);
    for (int64_t k = 0; k < in_size; ++k) sum += in.at(0, i / out * in_size + k) * in.at(1, i % out * in_size + k);
    return Expected{sum, 8, std::sqrt(static_cast<double>(in_size)) + 1};
  };
  made.bytes = 4 * static_cast<double>(n * in_size + out * in_size + n * out);
  made.flops = 2 * static_cast<double>(n * in_size * out);
  return made;
}

Case linear_data(const Problem& p, const Stream&) {
  const int64_t n = p["n"], in_size = p["in"], out = p["out"];
  Case made;
  made.operands = {array("dy", {n, out}), array("weight", {out, in_size}), array("dx", {n, in_size}, Operand::Use::out)};
  made.run = [](const Stream& s, const std::vector<Tensor>& t) { linear_backward_data(s, t[0], t[1], t[2], false); };
  made.expected = [in_size, out](const Inputs& in, size_t, int64_t i) {
    double sum = 0;
    for (int64_t o = 0; o < out; ++o) sum += in.at(0, i / in_size * out + o) * in.at(1, o * in_size + i % in_size);
    return Expected{sum, 8, std::sqrt(static_cast<double>(out)) + 1};
  };
  made.bytes = 4 * static_cast<double>(n * in_size + out * in_size + n * out);
  made.flops = 2 * static_cast<double>(n * in_size * out);
  return made;
}

Case linear_weights(const Problem& p, const Stream&) {
  const int64_t n = p["n"], in_size = p["in"], out = p["out"];
  Case made;
  made.operands = {array("dy", {n, out}), array("x", {n, in_size}), array("dweight", {out, in_size}, Operand::Use::out),
                   array("dbias", {out}, Operand::Use::out)};
  made.run = [](const Stream& s, const std::vector<Tensor>& t) { linear_backward_weights(s, t[0], t[1], t[2], t[3], false); };
  made.expected = [n, in_size, out](const Inputs& in, size_t operand, int64_t i) {
    double sum = 0;
    for (int64_t k = 0; k < n; ++k)
      sum += operand == 3 ? in.at(0, k * out + i) : in.at(0, k * out + i / in_size) * in.at(1, k * in_size + i % in_size);
    return Expected{sum, 8, std::sqrt(static_cast<double>(n)) + 1};
  };
  made.bytes = 4 * static_cast<double>(n * in_size + out * in_size + n * out);
  made.flops = 2 * static_cast<double>(n * in_size * out);
  return made;
}

// The scalars lie in an array of the device, as the update has them: lr, momentum, weight decay, not the first, no clipping, not
// skipped.
Case sgd(const Problem& p, const Stream&) {
  const int64_t count = p["count"];
  constexpr double lr = 0.01, momentum = 0.9, decay = 1e-4;
  static_assert(sizeof(SgdScalars) == 6 * sizeof(float));
  Case made;
  made.operands = {array("gradient", {count}),
                   array("scalars", {6}, Operand::Use::in,
                         [](int64_t i) {
                           return i == 0 ? lr : i == 1 ? momentum : i == 2 ? decay : i == 4 ? 1.0 : 0.0;
                         }),
                   array("parameter", {count}, Operand::Use::inout), array("momentum", {count}, Operand::Use::inout)};
  made.run = [](const Stream& s, const std::vector<Tensor>& t) {
    sgd_update(s, t[0], reinterpret_cast<const SgdScalars*>(t[1].data), t[2], t[3]);
  };
  made.expected = [](const Inputs& in, size_t operand, int64_t i) {
    const double m = momentum * in.at(3, i) + in.at(0, i) + decay * in.at(2, i);
    return Expected{operand == 3 ? m : in.at(2, i) - lr * m, 4, 2};
  };
  made.bytes = 5 * 4 * static_cast<double>(count);
  made.flops = 6 * static_cast<double>(count);
  return made;
}

Case average(const Problem& p, const Stream&) {
  const int64_t count = p["count"];
  constexpr double weight = 0.125;
  Case made;
  made.operands = {array("value", {count}), array("weight", {1}, Operand::Use::in, [](int64_t) { return weight; }),
                   array("average", {count}, Operand::Use::inout)};
  made.run = [](const Stream& s, const std::vector<Tensor>& t) { average_update(s, t[0], t[1].as<float>(), t[2]); };
  made.expected = [](const Inputs& in, size_t, int64_t i) {
    return Expected{in.at(2, i) + weight * (in.at(0, i) - in.at(2, i)), 4, 2};
  };
  made.bytes = 3 * 4 * static_cast<double>(count);
  made.flops = 3 * static_cast<double>(count);
  return made;
}

}  // namespace

std::vector<Kernel> flat_kernels() {
  return {{"linear", "thorax", linear},
          {"linear_backward_data", "thorax", linear_data},
          {"linear_backward_weights", "thorax", linear_weights},
          {"sgd_update", "thorax", sgd},
          {"average_update", "thorax", average}};
}

}  // namespace thorax::bench
