#include "kernels/require.h"

#include "kernels/isa.h"

namespace thorax {

namespace {

const char* name_of(Layout layout) {
  switch (layout) {
    case Layout::plain: return "plain";
    case Layout::blocked: return "blocked";
    case Layout::nhwc: return "nhwc";
  }
  return "?";
}

}  // namespace

Shape shape_of(const Slice& s) {
  return {s.images, s.channels, s.buffer.shape[2], s.buffer.shape[3]};
}

void require_activation(const Stream& stream, const char* op, const char* name, const Slice& s) {
  const Tensor& t = s.buffer;
  require(t.data != nullptr, op, name, " ", t.shape, " has no memory");
  require(t.shape.rank() == 4, op, name, " is ", t.shape, ", expected [N,C,H,W]");
  const Layout layout = stream.device == Device::cuda ? Layout::nhwc : Layout::blocked;
  require(t.layout == layout, op, name, " ", t.shape, " is ", name_of(t.layout), ", expected ", name_of(layout));
  require(is_real(t.dtype), op, name, " ", t.shape, " is ", t.dtype, ", expected f32, bf16 or f16");
  const int64_t b = layout == Layout::nhwc ? 8 : channel_block();
  require(t.shape[1] % b == 0 && s.channel % b == 0 && s.channels % b == 0, op, name, " ", t.shape, ", channels ", s.channel,
          " to ", s.channel + s.channels, ": expected whole blocks of ", b);
  require(s.image >= 0 && s.images >= 0 && s.image + s.images <= t.shape[0] && s.channel >= 0 && s.channels >= 0 &&
              s.channel + s.channels <= t.shape[1],
          op, name, ": images ", s.image, " to ", s.image + s.images, ", channels ", s.channel, " to ", s.channel + s.channels,
          " lie outside ", t.shape);
}

void require_plain(const char* op, const char* name, const Tensor& t, DType dtype, const Shape& shape) {
  require(t.data != nullptr, op, name, " ", t.shape, " has no memory");
  require(t.layout == Layout::plain, op, name, " ", t.shape, " is ", name_of(t.layout), ", expected plain");
  require(t.dtype == dtype, op, name, " ", t.shape, " is ", t.dtype, ", expected ", dtype);
  require(t.shape == shape, op, name, " is ", t.shape, ", expected ", shape);
}

void require_same(const char* op, const char* name_a, const Slice& a, const char* name_b, const Slice& b) {
  const Shape shape_a = shape_of(a);
  const Shape shape_b = shape_of(b);
  require(shape_a == shape_b, op, name_a, " is ", shape_a, ", ", name_b, " is ", shape_b);
  require(a.buffer.dtype == b.buffer.dtype, op, name_a, " ", shape_a, " is ", a.buffer.dtype, ", ", name_b, " ", shape_b, " is ",
          b.buffer.dtype);
}

}  // namespace thorax
