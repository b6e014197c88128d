// The end of a residual block with a batch norm on both branches. Sizes: n c h w.
#include "kernels/residual.h"

#include <algorithm>
#include <cmath>

#include "bench/kernels/case.h"
#include "bench/kernels/parts.h"

namespace thorax::bench {

namespace {

constexpr float eps = 1e-5F;
enum : size_t { in_x, in_s, in_mean, in_variance, in_gamma, in_beta, others };

std::vector<Operand> with_branches(const Problem& p, const Stream& stream, std::vector<Operand> more) {
  const int64_t c = p["c"];
  std::vector<Operand> all{activation(p, stream, "x", c),
                           activation(p, stream, "shortcut", c),
                           array("mean", {c}),
                           array("variance", {c}, Operand::Use::in, [](int64_t i) { return 0.5 + hashed(92, i); }),
                           array("gamma", {c}),
                           array("beta", {c})};
  for (Operand& o : more) all.push_back(std::move(o));
  return all;
}

BatchNorm norm_of(const std::vector<Tensor>& t) {
  return {t[in_mean].as<float>(), t[in_variance].as<float>(), t[in_gamma].as<float>(), t[in_beta].as<float>(), eps};
}

double rstd_of(const Inputs& in, int64_t c) {
  return 1 / std::sqrt(in.at(in_variance, c) + static_cast<double>(eps));
}
double normed(const Inputs& in, size_t operand, const Index& p) {
  return in.at(in_gamma, p.c) * (in.at(operand, p.n, p.c, p.h, p.w) - in.at(in_mean, p.c)) * rstd_of(in, p.c) +
         in.at(in_beta, p.c);
}

double bytes_of(const Problem& p, double passes) {
  return passes * static_cast<double>(p["n"] * p["c"] * p["h"] * p["w"]) * static_cast<double>(size_of(p.dtype));
}

Case forward(const Problem& p, const Stream& stream) {
  Case made;
  made.operands = with_branches(p, stream, {activation(p, stream, "y", p["c"], Operand::Use::out)});
  made.run = [](const Stream& s, const std::vector<Tensor>& t) {
    const BatchNorm norm = norm_of(t);
    residual_forward(s, {t[in_x], &norm}, {t[in_s], &norm}, t[others]);
  };
  const Shape shape = made.operands[others].shape;
  made.expected = [shape](const Inputs& in, size_t, int64_t i) {
    const Index at(shape, i);
    return Expected{std::max(0.0, normed(in, in_x, at) + normed(in, in_s, at)), 8, 4};
  };
  made.bytes = bytes_of(p, 3);
  made.flops = bytes_of(p, 6) / static_cast<double>(size_of(p.dtype));
  return made;
}

Case backward_sums(const Problem& p, const Stream& stream) {
  const Parts parts(stream, p["n"], p["c"], p["h"], p["w"]);
  Case made;
  made.operands =
      with_branches(p, stream,
                    {activation(p, stream, "dy", p["c"]), activation(p, stream, "y", p["c"]),
                     array("sums", parts.shape(), Operand::Use::out), array("shortcut sums", parts.shape(), Operand::Use::out)});
  made.run = [](const Stream& s, const std::vector<Tensor>& t) {
    const BatchNorm norm = norm_of(t);
    residual_backward_sums(s, {t[in_x], &norm}, {t[in_s], &norm}, t[others], t[others + 1], t[others + 2].as<float>(),
                           t[others + 3].as<float>());
  };
  made.expected = [parts](const Inputs& in, size_t operand, int64_t i) {
    double sum = 0, size = 0;
    parts.each_pixel(i, [&](const Index& at, bool second) {
      if (in.at(others + 1, at.n, at.c, at.h, at.w) <= 0) return;
      const double x = in.at(operand == others + 2 ? in_x : in_s, at.n, at.c, at.h, at.w);
      const double term = in.at(others, at.n, at.c, at.h, at.w) * (second ? (x - in.at(in_mean, at.c)) * rstd_of(in, at.c) : 1);
      sum += term, size += std::abs(term);
    });
    return Expected{sum, 64, size / 8 + 1};
  };
  made.bytes = bytes_of(p, 4);
  made.flops = bytes_of(p, 8) / static_cast<double>(size_of(p.dtype));
  made.samples = 16;
  return made;
}

Case backward_apply(const Problem& p, const Stream& stream) {
  const int64_t c = p["c"], count = p["n"] * p["h"] * p["w"];
  const auto total = [count](int64_t i) { return static_cast<double>(count) * (0.2 * hashed(95, i) - 0.1); };
  Case made;
  made.operands =
      with_branches(p, stream,
                    {activation(p, stream, "dy", c), activation(p, stream, "y", c), array("sum dz", {c}, Operand::Use::in, total),
                     array("sum dz xhat", {c}, Operand::Use::in, total), activation(p, stream, "dx", c, Operand::Use::out),
                     activation(p, stream, "dshortcut", c, Operand::Use::out)});
  made.run = [count](const Stream& s, const std::vector<Tensor>& t) {
    const BatchNorm norm = norm_of(t);
    const float *dz = t[others + 2].as<float>(), *dz_xhat = t[others + 3].as<float>();
    residual_backward_apply(s, {t[in_x], &norm}, {t[in_s], &norm}, t[others], t[others + 1], count,
                            {t[others + 4], false, dz, dz_xhat}, {t[others + 5], false, dz, dz_xhat});
  };
  const Shape shape = made.operands[in_x].shape;
  made.expected = [shape, count](const Inputs& in, size_t operand, int64_t i) {
    const Index at(shape, i);
    const double rstd = rstd_of(in, at.c), a = in.at(in_gamma, at.c) * rstd, m = static_cast<double>(count);
    const double xhat = (in.at(operand == others + 4 ? in_x : in_s, i) - in.at(in_mean, at.c)) * rstd;
    const double dz = in.at(others + 1, i) > 0 ? in.at(others, i) : 0;
    return Expected{a * (dz - in.at(others + 2, at.c) / m - xhat * in.at(others + 3, at.c) / m), 8, 4};
  };
  made.bytes = bytes_of(p, 6);
  made.flops = bytes_of(p, 12) / static_cast<double>(size_of(p.dtype));
  return made;
}

}  // namespace

std::vector<Kernel> residual_kernels() {
  return {{"residual", "thorax", forward},
          {"residual_backward_sums", "thorax", backward_sums},
          {"residual_backward_apply", "thorax", backward_apply}};
}

}  // namespace thorax::bench
