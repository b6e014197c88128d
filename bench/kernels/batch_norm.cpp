// Batch norm with ReLU in all its forms. Sizes: n c h w; of: channels of the buffer of which c are read.
#include "kernels/batch_norm.h"

#include <cmath>

#include "bench/kernels/case.h"
#include "bench/kernels/naive.h"
#include "bench/kernels/parts.h"

namespace thorax::bench {

namespace {

constexpr float eps = 1e-5F;

// The operands that every case begins with: x, and the four arrays.
enum : size_t { in_x, in_mean, in_variance, in_gamma, in_beta, others };

std::vector<Operand> with_norm(const Problem& p, const Stream& stream, std::vector<Operand> more) {
  const int64_t c = p["c"];
  std::vector<Operand> all{activation(p, stream, "x", p.get("of", c)),
                           array("mean", {c}, Operand::Use::in, [](int64_t i) { return 0.2 * hashed(91, i) - 0.1; }),
                           array("variance", {c}, Operand::Use::in, [](int64_t i) { return 0.5 + hashed(92, i); }),
                           array("gamma", {c}, Operand::Use::in, [](int64_t i) { return 0.5 + hashed(93, i); }),
                           array("beta", {c}, Operand::Use::in, [](int64_t i) { return 0.4 * hashed(94, i) - 0.2; })};
  for (Operand& o : more) all.push_back(std::move(o));
  return all;
}

BatchNorm norm_of(const std::vector<Tensor>& t) {
  return {t[in_mean].as<float>(), t[in_variance].as<float>(), t[in_gamma].as<float>(), t[in_beta].as<float>(), eps};
}

Slice first_channels(const Tensor& t, int64_t channels) {
  return {t, 0, t.shape[0], 0, channels};
}

struct Element {
  Element(const Inputs& in, const Index& p)
      : rstd(1 / std::sqrt(in.at(in_variance, p.c) + static_cast<double>(eps))),
        a(in.at(in_gamma, p.c) * rstd),
        xhat((in.at(in_x, p.n, p.c, p.h, p.w) - in.at(in_mean, p.c)) * rstd),
        z(in.at(in_gamma, p.c) * xhat + in.at(in_beta, p.c)) {}
  // Where rounding may decide whether the ReLU is open, nothing is expected.
  bool at_kink() const { return std::abs(z) < 1e-5; }
  double rstd, a, xhat, z;
};

constexpr double no_matter = NAN;

double count_of(const Problem& p) {
  return static_cast<double>(p["n"] * p["c"] * p["h"] * p["w"]);
}
double size_in_bytes(const Problem& p) {
  return count_of(p) * static_cast<double>(size_of(p.dtype));
}

Case forward(const Problem& p, const Stream& stream, bool naive) {
  const int64_t c = p["c"];
  Case made;
  made.operands = with_norm(p, stream, {activation(p, stream, "y", c, Operand::Use::out)});
  made.run = [c, naive](const Stream& s, const std::vector<Tensor>& t) {
    if (naive)
      naive::batch_norm_relu(s, first_channels(t[in_x], c), norm_of(t), t[others]);
    else
      batch_norm_relu_forward(s, first_channels(t[in_x], c), norm_of(t), t[others], true);
  };
  const Shape shape = made.operands[others].shape;
  made.expected = [shape](const Inputs& in, size_t, int64_t i) {
    return Expected{std::max(0.0, Element(in, Index(shape, i)).z), 4, 4};
  };
  made.bytes = 2 * size_in_bytes(p);
  made.flops = 2 * count_of(p);
  return made;
}

// dz of the gradient operand, 0 behind a closed ReLU.
double dz_at(const Inputs& in, size_t dy, const Index& p, const Element& e) {
  return e.z > 0 ? in.at(dy, p.n, p.c, p.h, p.w) : 0;
}

// Element i of the parts [parts,2,c]: the sum of dz or dz*xhat over a part's pixels.
Expected sum_of_part(const Inputs& in, size_t dy, const Parts& parts, int64_t i) {
  double sum = 0, size = 0;
  bool kink = false;
  parts.each_pixel(i, [&](const Index& p, bool second) {
    const Element e(in, p);
    kink = kink || e.at_kink();
    const double term = dz_at(in, dy, p, e) * (second ? e.xhat : 1);
    sum += term, size += std::abs(term);
  });
  return {kink ? no_matter : sum, 64, size / 8 + 1};
}

Case backward_sums(const Problem& p, const Stream& stream) {
  const Parts parts(stream, p["n"], p["c"], p["h"], p["w"]);
  const int64_t c = p["c"];
  Case made;
  made.operands = with_norm(p, stream, {activation(p, stream, "dy", c), array("sums", parts.shape(), Operand::Use::out)});
  made.run = [c](const Stream& s, const std::vector<Tensor>& t) {
    batch_norm_relu_backward_sums(s, first_channels(t[in_x], c), t[others], norm_of(t), true, t[others + 1].as<float>());
  };
  made.expected = [parts](const Inputs& in, size_t, int64_t i) { return sum_of_part(in, others, parts, i); };
  made.bytes = 2 * size_in_bytes(p);
  made.flops = 6 * count_of(p);
  made.samples = 24;
  return made;
}

Case backward_linear(const Problem& p, const Stream& stream) {
  const Parts parts(stream, p["n"], p["c"], p["h"], p["w"]);
  const int64_t c = p["c"];
  Case made;
  made.operands =
      with_norm(p, stream,
                {activation(p, stream, "dy", c), activation(p, stream, "gradient", p.get("of", c), Operand::Use::inout),
                 array("sums", parts.shape(), Operand::Use::out)});
  made.run = [c](const Stream& s, const std::vector<Tensor>& t) {
    batch_norm_relu_backward_linear(s, first_channels(t[in_x], c), t[others], norm_of(t), true, first_channels(t[others + 1], c),
                                    true, t[others + 2].as<float>());
  };
  const Shape shape = made.operands[others + 1].shape;
  made.expected = [parts, shape, c](const Inputs& in, size_t operand, int64_t i) {
    if (operand != others + 1) return sum_of_part(in, others, parts, i);
    const Index place(shape, i);
    const double before = in.at(operand, i);
    if (place.c >= c) return Expected{before, 0, 0};
    const Element e(in, place);
    return Expected{e.at_kink() ? no_matter : before + e.a * dz_at(in, others, place, e), 4, 4};
  };
  made.bytes = 4 * size_in_bytes(p);  // x, dy, the gradient twice
  made.flops = 8 * count_of(p);
  made.samples = 24;
  return made;
}

Case backward_apply(const Problem& p, const Stream& stream) {
  const int64_t c = p["c"], count = p["n"] * p["h"] * p["w"];
  Case made;
  const auto total = [count](int64_t i) { return static_cast<double>(count) * (0.2 * hashed(95, i) - 0.1); };
  made.operands =
      with_norm(p, stream,
                {activation(p, stream, "dy", c), array("sum dz", {c}, Operand::Use::in, total),
                 array("sum dz xhat", {c}, Operand::Use::in, total), activation(p, stream, "dx", c, Operand::Use::out)});
  made.run = [c, count](const Stream& s, const std::vector<Tensor>& t) {
    batch_norm_relu_backward_apply(s, first_channels(t[in_x], c), t[others], norm_of(t), true, t[others + 1].as<float>(),
                                   t[others + 2].as<float>(), count, t[others + 3], false);
  };
  const Shape shape = made.operands[others + 3].shape;
  made.expected = [shape, count](const Inputs& in, size_t, int64_t i) {
    const Index place(shape, i);
    const Element e(in, place);
    const auto m = static_cast<double>(count);
    const double dx =
        e.a * (dz_at(in, others, place, e) - in.at(others + 1, place.c) / m - e.xhat * in.at(others + 2, place.c) / m);
    return Expected{e.at_kink() ? no_matter : dx, 8, 4};
  };
  made.bytes = 3 * size_in_bytes(p);
  made.flops = 8 * count_of(p);
  return made;
}

Case corrections(const Problem& p, const Stream& stream) {
  const int64_t c = p["c"];
  Case made;
  made.operands =
      with_norm(p, stream, {activation(p, stream, "gradient", c), activation(p, stream, "out", c, Operand::Use::out)});
  made.run = [c](const Stream& s, const std::vector<Tensor>& t) {
    apply_corrections(s, t[others], first_channels(t[in_x], c), t[in_mean].as<float>(), t[in_variance].as<float>(), eps,
                      t[in_gamma].as<float>(), t[in_beta].as<float>(), t[others + 1]);
  };
  const Shape shape = made.operands[others].shape;
  made.expected = [shape](const Inputs& in, size_t, int64_t i) {  // gamma and beta stand for b and c
    const Element e(in, Index(shape, i));
    return Expected{in.at(others, i) + e.z, 4, 4};
  };
  made.bytes = 3 * size_in_bytes(p);
  made.flops = 4 * count_of(p);
  return made;
}

Case pooled_forward(const Problem& p, const Stream& stream) {
  const int64_t c = p["c"];
  Problem half = p;
  half.sizes["h"] = p["h"] / 2;
  half.sizes["w"] = p["w"] / 2;
  Case made;
  made.operands = with_norm(p, stream, {activation(half, stream, "y", c, Operand::Use::out)});
  made.run = [c](const Stream& s, const std::vector<Tensor>& t) {
    batch_norm_relu_avg_pool_forward(s, first_channels(t[in_x], c), norm_of(t), t[others]);
  };
  const Shape shape = made.operands[others].shape;
  made.expected = [shape](const Inputs& in, size_t, int64_t i) {
    Index at(shape, i);
    double sum = 0;
    for (int k = 0; k < 4; ++k) {
      Index pixel = at;
      pixel.h = 2 * at.h + k / 2;
      pixel.w = 2 * at.w + k % 2;
      sum += std::max(0.0, Element(in, pixel).z);
    }
    return Expected{sum / 4, 8, 4};
  };
  made.bytes = 1.25 * size_in_bytes(p);
  made.flops = 3 * count_of(p);
  return made;
}

Kernel kernel(const char* name, Case (*make)(const Problem&, const Stream&)) {
  return {name, "thorax", make};
}

}  // namespace

std::vector<Kernel> batch_norm_kernels() {
  return {{"batch_norm_relu", "thorax", [](const Problem& p, const Stream& s) { return forward(p, s, false); }},
          {"batch_norm_relu", "naive", [](const Problem& p, const Stream& s) { return forward(p, s, true); }},
          kernel("batch_norm_relu_backward_sums", backward_sums),
          kernel("batch_norm_relu_backward_linear", backward_linear),
          kernel("batch_norm_relu_backward_apply", backward_apply),
          kernel("apply_corrections", corrections),
          kernel("batch_norm_relu_avg_pool", pooled_forward)};
}

}  // namespace thorax::bench
