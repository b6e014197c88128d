// Pooling. Sizes: n c h w of the input, k window, s stride, pad.
#include <algorithm>
#include <cmath>

#include "bench/kernels/case.h"
#include "bench/kernels/naive.h"
#include "kernels/avg_pool.h"
#include "kernels/max_pool.h"

namespace thorax::bench {

namespace {

Window window_of(const Problem& p) {
  return {p.get("k", 2), p.get("s", 2), p.get("pad", 0)};
}

Problem pooled(const Problem& p) {
  Problem small = p;
  small.sizes["h"] = pooled_size(p["h"], window_of(p));
  small.sizes["w"] = pooled_size(p["w"], window_of(p));
  return small;
}

double elements(const Problem& p) {
  return static_cast<double>(p["n"] * p["c"] * p["h"] * p["w"]);
}

// The window of output element `at` over operand `from`: its largest value, its sum, and which cell the largest is.
struct Seen {
  double largest = -INFINITY, sum = 0;
  int64_t cell = 0;
};
Seen look(const Inputs& in, size_t from, const Window& w, const Shape& input, const Index& at) {
  const Range rows = pixels_of_window(at.h, input[2], w), columns = pixels_of_window(at.w, input[3], w);
  Seen seen;
  for (int64_t i = rows.first; i < rows.last; ++i) {
    for (int64_t j = columns.first; j < columns.last; ++j) {
      const double v = in.at(from, at.n, at.c, i, j);
      seen.sum += v;
      if (v <= seen.largest) continue;
      seen.largest = v;
      seen.cell = (i - at.h * w.stride + w.pad) * w.kernel + j - at.w * w.stride + w.pad;
    }
  }
  return seen;
}

Case max_forward(const Problem& p, const Stream& stream, bool naive) {
  const Window w = window_of(p);
  const Problem small = pooled(p);
  Case made;
  made.operands = {activation(p, stream, "x", p["c"]), activation(small, stream, "y", p["c"], Operand::Use::out),
                   activation(small, stream, "index", p["c"], Operand::Use::out)};
  made.operands[2].dtype = DType::u8;
  made.run = [w, naive](const Stream& s, const std::vector<Tensor>& t) {
    if (naive)
      naive::max_pool(s, t[0], w, t[1]);
    else
      max_pool_forward(s, t[0], w, t[1], t[2]);
  };
  const Shape in_shape = made.operands[0].shape, out_shape = made.operands[1].shape;
  made.expected = [=](const Inputs& in, size_t operand, int64_t i) {
    const Seen seen = look(in, 0, w, in_shape, Index(out_shape, i));
    if (operand == 2) return Expected{naive ? NAN : static_cast<double>(seen.cell), 0, 0};
    return Expected{seen.largest, 0, 0};
  };
  made.bytes = (elements(p) + elements(small)) * static_cast<double>(size_of(p.dtype)) + elements(small);
  made.flops = elements(small) * static_cast<double>(w.kernel * w.kernel);
  return made;
}

Case max_backward(const Problem& p, const Stream& stream) {
  const Window w = window_of(p);
  const Problem small = pooled(p);
  Case made;
  const auto cell = [w](int64_t i) { return std::floor(hashed(55, i) * static_cast<double>(w.kernel * w.kernel)); };
  made.operands = {activation(small, stream, "dy", p["c"]), activation(small, stream, "index", p["c"]),
                   activation(p, stream, "dx", p["c"], Operand::Use::out)};
  made.operands[1].dtype = DType::u8;
  made.operands[1].fill = cell;
  made.run = [w](const Stream& s, const std::vector<Tensor>& t) { max_pool_backward(s, t[0], t[1], w, t[2], false); };
  const Shape in_shape = made.operands[2].shape, out_shape = made.operands[0].shape;
  made.expected = [=](const Inputs& in, size_t, int64_t i) {
    const Index at(in_shape, i);
    const Range rows = windows_of_pixel(at.h, out_shape[2], w), columns = windows_of_pixel(at.w, out_shape[3], w);
    double sum = 0;
    for (int64_t r = rows.first; r < rows.last; ++r) {
      for (int64_t c = columns.first; c < columns.last; ++c) {
        const int64_t taken = (at.h - r * w.stride + w.pad) * w.kernel + at.w - c * w.stride + w.pad;
        if (in.at(1, at.n, at.c, r, c) == static_cast<double>(taken)) sum += in.at(0, at.n, at.c, r, c);
      }
    }
    return Expected{sum, 4, 4};
  };
  made.bytes = (elements(p) + elements(small)) * static_cast<double>(size_of(p.dtype)) + elements(small);
  made.flops = elements(small);
  return made;
}

Case avg_forward(const Problem& p, const Stream& stream, bool naive) {
  const Window w = window_of(p);
  const Problem small = pooled(p);
  Case made;
  made.operands = {activation(p, stream, "x", p["c"]), activation(small, stream, "y", p["c"], Operand::Use::out)};
  made.run = [w, naive](const Stream& s, const std::vector<Tensor>& t) {
    if (naive)
      naive::avg_pool(s, t[0], w, t[1]);
    else
      avg_pool_forward(s, t[0], w, t[1]);
  };
  const Shape in_shape = made.operands[0].shape, out_shape = made.operands[1].shape;
  made.expected = [=](const Inputs& in, size_t, int64_t i) {
    const double sum = look(in, 0, w, in_shape, Index(out_shape, i)).sum;
    return Expected{sum / static_cast<double>(w.kernel * w.kernel), static_cast<double>(w.kernel * w.kernel), 1};
  };
  made.bytes = (elements(p) + elements(small)) * static_cast<double>(size_of(p.dtype));
  made.flops = elements(p);
  return made;
}

Case avg_backward(const Problem& p, const Stream& stream) {
  const Window w = window_of(p);
  const Problem small = pooled(p);
  Case made;
  made.operands = {activation(small, stream, "dy", p["c"]), activation(p, stream, "dx", p["c"], Operand::Use::out)};
  made.run = [w](const Stream& s, const std::vector<Tensor>& t) { avg_pool_backward(s, t[0], w, t[1], false); };
  const Shape in_shape = made.operands[1].shape, out_shape = made.operands[0].shape;
  made.expected = [=](const Inputs& in, size_t, int64_t i) {
    const Index at(in_shape, i);
    const Range rows = windows_of_pixel(at.h, out_shape[2], w), columns = windows_of_pixel(at.w, out_shape[3], w);
    double sum = 0;
    for (int64_t r = rows.first; r < rows.last; ++r)
      for (int64_t c = columns.first; c < columns.last; ++c) sum += in.at(0, at.n, at.c, r, c);
    return Expected{sum / static_cast<double>(w.kernel * w.kernel), 4, 1};
  };
  made.bytes = (elements(p) + elements(small)) * static_cast<double>(size_of(p.dtype));
  made.flops = elements(p);
  return made;
}

Case global_forward(const Problem& p, const Stream& stream) {
  Case made;
  made.operands = {activation(p, stream, "x", p["c"]), array("y", {p["n"], p["c"]}, Operand::Use::out)};
  made.run = [](const Stream& s, const std::vector<Tensor>& t) { global_avg_pool_forward(s, t[0], t[1]); };
  const int64_t pixels = p["h"] * p["w"];
  made.expected = [pixels](const Inputs& in, size_t, int64_t i) {
    double sum = 0;
    for (int64_t k = 0; k < pixels; ++k) sum += in.at(0, i * pixels + k);
    return Expected{sum / static_cast<double>(pixels), 4, 1};
  };
  made.bytes = elements(p) * static_cast<double>(size_of(p.dtype));
  made.flops = elements(p);
  return made;
}

Case global_backward(const Problem& p, const Stream& stream) {
  Case made;
  made.operands = {array("dy", {p["n"], p["c"]}), activation(p, stream, "dx", p["c"], Operand::Use::out)};
  made.run = [](const Stream& s, const std::vector<Tensor>& t) { global_avg_pool_backward(s, t[0], t[1], false); };
  const int64_t pixels = p["h"] * p["w"];
  made.expected = [pixels](const Inputs& in, size_t, int64_t i) {
    return Expected{in.at(0, i / pixels) / static_cast<double>(pixels), 2, 0};
  };
  made.bytes = elements(p) * static_cast<double>(size_of(p.dtype));
  return made;
}

}  // namespace

std::vector<Kernel> pool_kernels() {
  return {{"max_pool", "thorax", [](const Problem& p, const Stream& s) { return max_forward(p, s, false); }},
          {"max_pool", "naive", [](const Problem& p, const Stream& s) { return max_forward(p, s, true); }},
          {"max_pool_backward", "thorax", max_backward},
          {"avg_pool", "thorax", [](const Problem& p, const Stream& s) { return avg_forward(p, s, false); }},
          {"avg_pool", "naive", [](const Problem& p, const Stream& s) { return avg_forward(p, s, true); }},
          {"avg_pool_backward", "thorax", avg_backward},
          {"global_avg_pool", "thorax", global_forward},
          {"global_avg_pool_backward", "thorax", global_backward}};
}

}  // namespace thorax::bench
