// The vendor's convolution in its three passes, as the layers call it. Sizes: n c h w of x, o channels out, k kernel, s stride,
// pad; plain=1: x is the network's input; direct=1: without Winograd.
#include <algorithm>
#include <cmath>

#include "bench/kernels/case.h"
#include "kernels/conv2d.h"
#include "kernels/isa.h"
#include "tensor/element.h"

namespace thorax::bench {

namespace {

Conv2dShape shape_of(const Problem& p) {
  const int64_t k = p["k"];
  return {p["n"], p["c"], p["h"], p["w"], p["o"], k, p.get("s", 1), p.get("pad", k / 2), p.dtype, p.get("plain", 0) != 0};
}

// As layers/conv_step.cpp does: Winograd where it may be, all threads inside the call.
Conv2dChoice choice_of(const Problem& p, const Stream& stream) {
  const Conv2dShape s = shape_of(p);
  return {s.dtype == DType::f32 && s.kernel == 3 && s.stride == 1 && stream.device == Device::cpu && isa() == Isa::avx512 &&
              p.get("direct", 0) == 0,
          stream.threads, 1};
}

// x, filter (f32), y, and three more that the library alone understands: packed filter, workspace.
enum : size_t { x_, filter_, y_, packed_, workspace_ };

Operand bytes(const char* name, size_t size) {
  return {name,
          {static_cast<int64_t>(std::max<size_t>(1, size))},
          DType::u8,
          Layout::plain,
          Operand::Use::in,
          [](int64_t) { return 0.0; }};
}

std::vector<Operand> operands_of(const Problem& p, const Stream& stream, size_t packed, size_t workspace) {
  const Conv2dShape s = shape_of(p);
  Problem out = p;
  out.sizes["h"] = s.out_height();
  out.sizes["w"] = s.out_width();
  std::vector<Operand> all{activation(p, stream, "x", s.in_channels), array("filter", s.filter()),
                           activation(out, stream, "y", s.out_channels), bytes("packed", packed), bytes("workspace", workspace)};
  if (s.plain_input) all[x_].layout = Layout::plain;
  return all;
}

// f(input row, column, filter row, column) over the pairs that meet in the output place.
template <class F>
void each_tap(const Conv2dShape& s, int64_t h, int64_t w, const F& f) {
  for (int64_t i = 0; i < s.kernel; ++i) {
    for (int64_t j = 0; j < s.kernel; ++j) {
      const int64_t row = h * s.stride - s.pad + i, column = w * s.stride - s.pad + j;
      if (row >= 0 && row < s.height && column >= 0 && column < s.width) f(row, column, i, j);
    }
  }
}

double rounded_filter(const Inputs& in, const Conv2dShape& s, int64_t o, int64_t c, int64_t i, int64_t j) {
  return static_cast<double>(rounded(s.dtype, static_cast<float>(in.at(filter_, o, c, i, j))));
}

// Sums of n products of numbers from [-1, 1); Winograd has about four times the rounding error of the direct way. One fp32
// accumulator that adds them one after the other is off by 0.05 n units on the average, since its partial sums grow as a random
// walk does, and by up to 0.49 n in 6,000 simulated sums of 4,096: n / 2 units (of 2^-23) are allowed. That still finds one
// term left out (1/4 on the average) of two million, the most that one sum here has at 32 images.
Expected summed(double value, double terms, const Conv2dShape& s) {
  return {value, (s.kernel == 3 ? 32.0 : 8.0) + std::sqrt(terms) / 2, std::sqrt(terms) + 1};
}

void finish(Case& made, const Conv2dShape& s) {
  const auto pixels = static_cast<double>(s.images * s.height * s.width),
             out_pixels = static_cast<double>(s.images * s.out_height() * s.out_width());
  made.bytes = (pixels * static_cast<double>(s.in_channels) + out_pixels * static_cast<double>(s.out_channels) +
                static_cast<double>(s.filter().count())) *
               static_cast<double>(size_of(s.dtype));
  made.flops = s.flops();
}

// The packing of the filter is a step of its own and is not timed: it is done when an operand set is first used.
template <class Pass>
void pack_once(const Stream& stream, const std::shared_ptr<Pass>& conv, const std::vector<Tensor>& t,
               std::vector<const void*>& done) {
  if (std::find(done.begin(), done.end(), t[packed_].data) != done.end()) return;
  conv->pack(stream, t[filter_].as<float>(), t[packed_].data);
  done.push_back(t[packed_].data);
}

Case forward(const Problem& p, const Stream& stream) {
  const Conv2dShape s = shape_of(p);
  const auto conv = std::make_shared<ConvForward>(s, choice_of(p, stream), stream);
  const auto done = std::make_shared<std::vector<const void*>>();
  Case made;
  made.operands = operands_of(p, stream, conv->packed_bytes(), conv->workspace_bytes());
  made.operands[y_].use = Operand::Use::out;
  made.run = [conv, done](const Stream& on, const std::vector<Tensor>& t) {
    pack_once(on, conv, t, *done);
    conv->run(on, 0, t[x_].data, t[packed_].data, t[y_].data, t[workspace_].data);
  };
  const Shape shape = made.operands[y_].shape;
  made.expected = [s, shape](const Inputs& in, size_t, int64_t i) {
    const Index at(shape, i);
    double sum = 0;
    for (int64_t c = 0; c < s.in_channels; ++c)
      each_tap(s, at.h, at.w, [&](auto row, auto column, auto a, auto b) {
        sum += in.at(x_, at.n, c, row, column) * rounded_filter(in, s, at.c, c, a, b);
      });
    return summed(sum, static_cast<double>(s.in_channels * s.kernel * s.kernel), s);
  };
  finish(made, s);
  return made;
}

Case backward_data(const Problem& p, const Stream& stream) {
  const Conv2dShape s = shape_of(p);
  const auto conv = std::make_shared<ConvBackwardData>(s, choice_of(p, stream), stream);
  const auto done = std::make_shared<std::vector<const void*>>();
  Case made;
  made.operands = operands_of(p, stream, conv->packed_bytes(), conv->workspace_bytes());
  made.operands[x_].use = Operand::Use::out;
  made.run = [conv, done](const Stream& on, const std::vector<Tensor>& t) {
    pack_once(on, conv, t, *done);
    conv->run(on, 0, t[y_].data, t[packed_].data, t[x_].data, t[workspace_].data);
  };
  const Shape shape = made.operands[x_].shape;
  made.expected = [s, shape](const Inputs& in, size_t, int64_t i) {
    const Index at(shape, i);
    double sum = 0;
    for (int64_t a = 0; a < s.kernel; ++a) {
      for (int64_t b = 0; b < s.kernel; ++b) {
        const int64_t h = at.h + s.pad - a, w = at.w + s.pad - b;
        if (h < 0 || w < 0 || h % s.stride != 0 || w % s.stride != 0 || h / s.stride >= s.out_height() ||
            w / s.stride >= s.out_width())
          continue;
        for (int64_t o = 0; o < s.out_channels; ++o)
          sum += in.at(y_, at.n, o, h / s.stride, w / s.stride) * rounded_filter(in, s, o, at.c, a, b);
      }
    }
    return summed(sum, static_cast<double>(s.out_channels * s.kernel * s.kernel), s);
  };
  finish(made, s);
  return made;
}

// The gradient comes in the library's own layout; it is unpacked to be compared, behind each call (it is small).
// As layers/stem.cpp does: where the library has no such gradient for a grey plane, the plane is there three times.
Problem with_gradient(Problem p, const Stream& stream) {
  if (p["c"] == 1 && !ConvBackwardFilter::exists(shape_of(p), stream)) p.sizes["c"] = 3;
  return p;
}

Case backward_filter(const Problem& listed, const Stream& stream) {
  const Problem p = with_gradient(listed, stream);
  const Conv2dShape s = shape_of(p);
  const auto conv = std::make_shared<ConvBackwardFilter>(s, choice_of(p, stream), stream);
  Case made;
  made.operands = operands_of(p, stream, conv->packed_bytes(), conv->workspace_bytes());
  made.operands[filter_].use = Operand::Use::out;
  made.run = [conv](const Stream& on, const std::vector<Tensor>& t) {
    conv->run(on, 0, t[x_].data, t[y_].data, t[packed_].data, t[workspace_].data);
    conv->unpack(on, t[packed_].data, t[filter_].as<float>(), false);
  };
  const Shape filter = s.filter();
  const bool rounded = stream.device == Device::cuda && s.dtype != DType::f32;  // cuDNN gives the activations' type
  made.expected = [s, filter, rounded](const Inputs& in, size_t, int64_t i) {
    const Index at(filter, i);
    double sum = 0;
    for (int64_t n = 0; n < s.images; ++n) {
      for (int64_t h = 0; h < s.out_height(); ++h) {
        for (int64_t w = 0; w < s.out_width(); ++w) {
          const int64_t row = h * s.stride - s.pad + at.h, column = w * s.stride - s.pad + at.w;
          if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
          sum += in.at(x_, n, at.c, row, column) * in.at(y_, n, at.n, h, w);
        }
      }
    }
    Expected e = summed(sum, static_cast<double>(s.images * s.out_height() * s.out_width()), s);
    if (rounded) e.terms += std::abs(sum) * 0x1p15 / e.size;
    return e;
  };
  made.samples = 12;
  finish(made, s);
  return made;
}

}  // namespace

std::vector<Kernel> convolution_kernels() {
  return {{"conv2d", "thorax", forward},
          {"conv2d_backward_data", "thorax", backward_data},
          {"conv2d_backward_filter", "thorax", backward_filter}};
}

}  // namespace thorax::bench
