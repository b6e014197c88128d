// The dispatchers' checks. A failure is a defect of the caller: Error(defect) that names the op and both shapes.
#pragma once

#include "tensor/error.h"
#include "tensor/slice.h"
#include "tensor/stream.h"

namespace thorax {

template <class... Parts>
void require(bool holds, const char* op, const Parts&... parts) {
  if (!holds) throw Error(Fault::defect, str(op, ": ", parts...));
}

// [images, channels, H, W]
Shape shape_of(const Slice& s);

// An f32, bf16 or f16 activation with memory, within its buffer, in the layout of the stream's device: blocked with whole blocks,
// or nhwc with channels in eights (16 bytes of bf16, which is what a thread of a GPU reads at a time).
void require_activation(const Stream& stream, const char* op, const char* name, const Slice& s);

// A plain tensor with memory, of this type and shape.
void require_plain(const char* op, const char* name, const Tensor& t, DType dtype, const Shape& shape);

// Two activations of one shape and type.
void require_same(const char* op, const char* name_a, const Slice& a, const char* name_b, const Slice& b);

}  // namespace thorax
