#include "kernels/conv2d_kernel.h"

#include <optional>

#include "kernels/isa.h"
#include "kernels/onednn/primitive.h"

namespace thorax {

namespace {

using dnnl::algorithm;
using dnnl::memory;
using onednn::Argument;
using onednn::Primitive;
using Made = std::shared_ptr<const Conv2dKernel>;

struct Problem {
  memory::desc x, y, filter, filter_gradient;
  memory::dims strides, pads;

  explicit Problem(const Conv2dShape& s) : strides{s.stride, s.stride}, pads{s.pad, s.pad} {
    const auto type = onednn::type_of(s.dtype);
    const auto blocked = channel_block() == 16 ? memory::format_tag::nChw16c : memory::format_tag::nChw8c;
    if (!s.plain_input && (s.in_channels % channel_block() != 0 || s.out_channels % channel_block() != 0)) {
      throw Error(Fault::defect, str("conv2d: ", s.in_channels, " -> ", s.out_channels, " channels, multiples of ",
                                     channel_block(), " are expected"));
    }
    x = {{s.images, s.in_channels, s.height, s.width}, type, s.plain_input ? memory::format_tag::nchw : blocked};
    y = {{s.images, s.out_channels, s.out_height(), s.out_width()}, type, blocked};
    const memory::dims f{s.out_channels, s.in_channels, s.kernel, s.kernel};
    filter = {f, type, memory::format_tag::any};
    filter_gradient = {f, memory::data_type::f32, memory::format_tag::any};
  }
};

dnnl::primitive_attr attributes() {
  dnnl::primitive_attr attr;
  // The library's own scratchpad crashes with many Winograd primitives (oneDNN 2.6.3); and a plan owns its memory anyway.
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

// A reference implementation is hundreds of times slower: better to fail while planning. On one pixel it does not show, and with
// AVX2 there is no other.
void refuse_reference(const std::string& implementation, const Conv2dShape& s, const char* what) {
  if (implementation.rfind("ref", 0) != 0 || s.height * s.width <= 16) return;
  throw Error(Fault::defect, str("conv2d ", what, ": oneDNN has only its reference code for ", s.filter(), " on ", s.height, 'x',
                                 s.width, ' ', s.dtype));
}

// make(algorithm) with Winograd where it is wanted and exists, else direct.
template <class Make>
auto with_algorithm(const Conv2dShape& s, const Conv2dChoice& choice, const Make& make) {
  const bool fits = choice.winograd && s.dtype == DType::f32 && s.kernel == 3 && s.stride == 1 && isa() == Isa::avx512;
  if (fits) {
    try {
      return make(algorithm::convolution_winograd);
    } catch (const dnnl::error&) {  // no Winograd kernel for this shape
    }
  }
  try {
    return make(algorithm::convolution_direct);
  } catch (const dnnl::error& e) {
    throw Error(Fault::defect,
                str("conv2d: oneDNN refuses ", s.filter(), " on ", s.height, 'x', s.width, ' ', s.dtype, ": ", e.what()));
  }
}

dnnl::convolution_forward::primitive_desc forward_descriptor(const Conv2dShape& s, const Problem& p, algorithm a) {
  // forward_training: the variant whose Winograd filter layout is plain blocks, transformed inside.
  const dnnl::convolution_forward::desc d(dnnl::prop_kind::forward_training, a, p.x, p.filter, p.y, p.strides, p.pads, p.pads);
  dnnl::convolution_forward::primitive_desc made(d, attributes(), onednn::engine());
  refuse_reference(made.impl_info_str(), s, "forward");
  return made;
}

Made make_forward(const Conv2dShape& s, const Conv2dChoice& choice, const Problem& p) {
  const auto d = with_algorithm(s, choice, [&](algorithm a) { return forward_descriptor(s, p, a); });
  return std::make_shared<Primitive>(
      dnnl::convolution_forward(d),
      std::vector<Argument>{{DNNL_ARG_SRC, d.src_desc()}, {DNNL_ARG_WEIGHTS, d.weights_desc()}, {DNNL_ARG_DST, d.dst_desc()}},
      d.scratchpad_desc(), 1, s, choice.callers);
}

Made make_backward_data(const Conv2dShape& s, const Conv2dChoice& choice, const Problem& p) {
  const auto d = with_algorithm(s, choice, [&](algorithm a) {
    const auto hint = forward_descriptor(s, p, a);
    const dnnl::convolution_backward_data::desc wanted(a, p.x, p.filter, p.y, p.strides, p.pads, p.pads);
    dnnl::convolution_backward_data::primitive_desc made(wanted, attributes(), onednn::engine(), hint);
    refuse_reference(made.impl_info_str(), s, "backward_data");
    return made;
  });
  return std::make_shared<Primitive>(
      dnnl::convolution_backward_data(d),
      std::vector<Argument>{
          {DNNL_ARG_DIFF_DST, d.diff_dst_desc()}, {DNNL_ARG_WEIGHTS, d.weights_desc()}, {DNNL_ARG_DIFF_SRC, d.diff_src_desc()}},
      d.scratchpad_desc(), 1, s, choice.callers);
}

Made make_backward_filter(const Conv2dShape& s, const Conv2dChoice& choice, const Problem& p) {
  const auto d = with_algorithm(s, choice, [&](algorithm a) {
    const auto hint = forward_descriptor(s, p, a);
    const dnnl::convolution_backward_weights::desc wanted(a, p.x, p.filter_gradient, p.y, p.strides, p.pads, p.pads);
    dnnl::convolution_backward_weights::primitive_desc made(wanted, attributes(), onednn::engine(), hint);
    refuse_reference(made.impl_info_str(), s, "backward_filter");
    return made;
  });
  return std::make_shared<Primitive>(
      dnnl::convolution_backward_weights(d),
      std::vector<Argument>{
          {DNNL_ARG_SRC, d.src_desc()}, {DNNL_ARG_DIFF_DST, d.diff_dst_desc()}, {DNNL_ARG_DIFF_WEIGHTS, d.diff_weights_desc()}},
      d.scratchpad_desc(), 2, s, choice.callers);
}

}  // namespace

std::shared_ptr<const Conv2dKernel> cpu::make_conv2d(ConvPass pass, const Conv2dShape& s, const Conv2dChoice& choice) {
  const onednn::OpenMpThreads threads(choice.threads);
  const Problem p(s);
  switch (pass) {
    case ConvPass::forward: return make_forward(s, choice, p);
    case ConvPass::backward_data: return make_backward_data(s, choice, p);
    case ConvPass::backward_filter: return make_backward_filter(s, choice, p);
  }
  return nullptr;
}

}  // namespace thorax
