// The fold of a three-channel filter for one grey plane (layers/stem.h). All arrays f32 plain.
#pragma once

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// filter: [O,3,k,k] -> folded: [O,1,k,k], the sum over the input channels.
void fold_filter(const Stream& stream, const Tensor& filter, const Tensor& folded);

// The fold's adjoint: every channel of gradient [O,3,k,k] gets (or has added) folded_gradient [O,1,k,k].
void unfold_filter_gradient(const Stream& stream, const Tensor& folded_gradient, const Tensor& gradient, bool accumulate);

// plane: [N,1,H,W] -> channels: [N,3,H,W], three copies; any dtype. For processors whose library has no one-channel kernel.
void replicate_plane(const Tensor& plane, const Tensor& channels);

// planes: [N,C,H,W] plain -> pixels: the same as nhwc; f32, bf16 or f16, the same dtype. What a GPU's stem reads.
void interleave_planes(const Stream& stream, const Tensor& planes, const Tensor& pixels);

}  // namespace thorax
