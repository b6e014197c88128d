// What every dispatcher checks before it calls a twin: a wrong shape is an exception that names the op and both shapes.
#pragma once

#include "kernels/isa.h"
#include "tensor/slice.h"

namespace thorax {

inline Shape shape_of(const Slice& s) { return {s.images, s.channels, s.buffer.shape[2], s.buffer.shape[3]}; }

// Blocked, whole channel blocks, inside its buffer, f32 or bf16.
inline void check_slice(const char* op, const Slice& s) {
  const Tensor& t = s.buffer;
  if (t.layout != Layout::blocked || t.shape.rank() != 4) throw Error(Fault::defect, str(op, ": ", t.shape, " is not a blocked [N,C,H,W]"));
  if (t.dtype != DType::f32 && t.dtype != DType::bf16) throw Error(Fault::defect, str(op, ": ", t.shape, " is ", t.dtype, ", f32 or bf16 is expected"));
  const int64_t b = channel_block();
  const bool inside = s.image >= 0 && s.channel >= 0 && s.image + s.images <= t.shape[0] && s.channel + s.channels <= t.shape[1];
  if (!inside || s.channel % b != 0 || s.channels % b != 0 || t.shape[1] % b != 0) {
    throw Error(Fault::defect, str(op, ": images ", s.image, "+", s.images, ", channels ", s.channel, "+", s.channels, " of ", t.shape,
                                   "; whole blocks of ", b, " channels inside it are expected"));
  }
}

inline void check_same(const char* op, const Slice& a, const Slice& b) {
  check_slice(op, a);
  check_slice(op, b);
  if (!(shape_of(a) == shape_of(b))) throw Error(Fault::defect, str(op, ": ", shape_of(a), " and ", shape_of(b), " differ"));
}

}  // namespace thorax
