// Channel statistics, and the append of a dense layer: copy into a slice and statistics in one pass. Sizes: n c h w; append:
// of: channels of the block's buffer, at: the first of the c appended.
#include "kernels/statistics.h"

#include <cmath>

#include "bench/kernels/case.h"
#include "bench/kernels/naive.h"
#include "bench/kernels/parts.h"

namespace thorax::bench {

namespace {

double bytes_of(const Problem& p) {
  return static_cast<double>(p["n"] * p["c"] * p["h"] * p["w"]) * static_cast<double>(size_of(p.dtype));
}

// Element i of the parts [parts,2,c]: mean, or sum of squares around it, of operand 0.
Expected moment_of_part(const Inputs& in, const Parts& parts, int64_t i) {
  double sum = 0, count = 0, squares = 0;
  bool is_m2 = false;
  const auto value = [&](const Index& p) { return in.at(0, p.n, p.c, p.h, p.w); };
  parts.each_pixel(i, [&](const Index& p, bool second) { sum += value(p), ++count, is_m2 = second; });
  const double mean = sum / count;
  if (!is_m2) return {mean, 16, 1};
  parts.each_pixel(i, [&](const Index& p, bool) { squares += (value(p) - mean) * (value(p) - mean); });
  return {squares, 16, squares};
}

Case statistics(const Problem& p, const Stream& stream) {
  const Parts parts(stream, p["n"], p["c"], p["h"], p["w"]);
  Case made;
  made.operands = {activation(p, stream, "x", p["c"]), array("partial", parts.shape(), Operand::Use::out)};
  made.run = [](const Stream& s, const std::vector<Tensor>& t) { channel_statistics(s, t[0], t[1].as<float>()); };
  made.expected = [parts](const Inputs& in, size_t, int64_t i) { return moment_of_part(in, parts, i); };
  made.bytes = bytes_of(p);
  made.flops = 4 * bytes_of(p) / static_cast<double>(size_of(p.dtype));
  made.samples = 16;
  return made;
}

// What an append needs and must give; with the totals over the batch, so that both variants do the same.
Case append(const Problem& p, const Stream& stream, bool naive) {
  const int64_t n = p["n"], c = p["c"], at = p["at"], pixels = p["h"] * p["w"];
  const Parts parts(stream, n, c, p["h"], p["w"]);
  Case made;
  made.operands = {activation(p, stream, "fresh", c), activation(p, stream, "buffer", p["of"], Operand::Use::inout),
                   array("partial", parts.shape(), Operand::Use::out), array("mean", {c}, Operand::Use::out),
                   array("variance", {c}, Operand::Use::out)};
  made.run = [=](const Stream& s, const std::vector<Tensor>& t) {
    const Slice to{t[1], 0, n, at, c};
    if (naive) return naive::append(s, t[0], to, t[3].as<float>(), t[4].as<float>());
    copy_with_statistics(s, t[0], to, t[2].as<float>());
    merge_statistics(s, t[2].as<float>(), n, c, pixels, t[3].as<float>(), t[4].as<float>());
  };
  const Shape shape = made.operands[1].shape;
  const Shape fresh = made.operands[0].shape;
  made.expected = [=](const Inputs& in, size_t operand, int64_t i) -> Expected {
    if (operand == 1) {
      const Index place(shape, i);
      const bool fresh_one = place.c >= at && place.c < at + c;
      return {fresh_one ? in.at(0, place.n, place.c - at, place.h, place.w) : in.at(1, i), 0, 0};
    }
    if (operand == 2) return naive ? Expected{std::nan(""), 0, 0} : moment_of_part(in, parts, i);
    double sum = 0, squares = 0;
    const auto each = [&](const auto& f) {
      for (int64_t image = 0; image < n; ++image)
        for (int64_t k = 0; k < pixels; ++k) f(in.at(0, (image * fresh[1] + i) * pixels + k));
    };
    each([&](double x) { sum += x; });
    const double mean = sum / static_cast<double>(n * pixels);
    each([&](double x) { squares += (x - mean) * (x - mean); });
    const double variance = squares / static_cast<double>(n * pixels);
    return operand == 3 ? Expected{mean, 32, 1} : Expected{variance, 32, variance};
  };
  made.bytes = 2 * bytes_of(p);
  made.flops = 4 * bytes_of(p) / static_cast<double>(size_of(p.dtype));
  made.samples = 12;
  return made;
}

}  // namespace

std::vector<Kernel> statistics_kernels() {
  return {{"channel_statistics", "thorax", statistics},
          {"append", "thorax", [](const Problem& p, const Stream& s) { return append(p, s, false); }},
          {"append", "naive", [](const Problem& p, const Stream& s) { return append(p, s, true); }}};
}

}  // namespace thorax::bench
