// Kernels element by element on activations. Sizes: n c h w.
#include <algorithm>
#include <cmath>

#include "bench/kernels/case.h"
#include "kernels/add.h"
#include "kernels/normalize.h"
#include "kernels/relu.h"

namespace thorax::bench {

namespace {

double elements(const Problem& p) {
  return static_cast<double>(p["n"] * p.get("c", 1) * p["h"] * p["w"]);
}

// inputs x0, x1, ..., one output: what value(x0[i], x1[i]) gives.
struct Pointwise {
  int inputs;
  std::function<double(double, double)> value;
  std::function<void(const Stream&, const std::vector<Tensor>&)> run;
  double terms = 2;
};

Kernel pointwise(const char* name, const Pointwise& what) {
  return {name, "thorax", [what](const Problem& p, const Stream& stream) {
            Case made;
            for (int k = 0; k < what.inputs; ++k) made.operands.push_back(activation(p, stream, k == 0 ? "a" : "b", p["c"]));
            made.operands.push_back(activation(p, stream, "y", p["c"], Operand::Use::out));
            made.run = what.run;
            made.expected = [what](const Inputs& in, size_t, int64_t i) {
              return Expected{what.value(in.at(0, i), what.inputs > 1 ? in.at(1, i) : 0), what.terms, 1};
            };
            made.bytes = elements(p) * static_cast<double>(size_of(p.dtype)) * (what.inputs + 1);
            made.flops = elements(p);
            return made;
          }};
}

Case normalized(const Problem& p, const Stream&) {
  constexpr float mean = 0.449F, deviation = 0.226F;
  const Shape shape{p["n"], 1, p["h"], p["w"]};
  Case made;
  made.operands = {
      {"bytes", shape, DType::u8, Layout::plain, Operand::Use::in, [](int64_t i) { return std::floor(256 * hashed(9, i)); }},
      {"y", shape, p.dtype, Layout::plain, Operand::Use::out}};
  made.run = [](const Stream& s, const std::vector<Tensor>& t) { normalize(s, t[0], mean, deviation, t[1]); };
  made.expected = [](const Inputs& in, size_t, int64_t i) {
    return Expected{(in.at(0, i) / 255 - static_cast<double>(mean)) / static_cast<double>(deviation), 4, 4};
  };
  made.bytes = elements(p) * (1 + static_cast<double>(size_of(p.dtype)));
  made.flops = 3 * elements(p);
  return made;
}

}  // namespace

std::vector<Kernel> pointwise_kernels() {
  return {
      pointwise("relu", {1, [](double a, double) { return std::max(a, 0.0); },
                         [](const Stream& s, const auto& t) { relu_forward(s, t[0], t[1]); }, 0}),
      pointwise("relu_backward", {2, [](double dy, double y) { return y > 0 ? dy : 0; },
                                  [](const Stream& s, const auto& t) { relu_backward(s, t[0], t[1], t[2], false); }, 0}),
      pointwise("add_relu", {2, [](double a, double b) { return std::max(a + b, 0.0); },
                             [](const Stream& s, const auto& t) { add_relu_forward(s, t[0], t[1], t[2]); }}),
      {"normalize", "thorax", normalized},
  };
}

}  // namespace thorax::bench
