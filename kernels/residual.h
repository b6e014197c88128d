// The end of a residual block (He, Zhang, Ren & Sun: Deep residual learning for image recognition, CVPR 2016), in one pass each:
//   y  = relu(n(x) + m(s)),  n the batch norm of the branch, m that of the shortcut, or nothing where the shortcut is the
//   identity dz = dy where y > 0, else 0;  the gradients of x and s are those of their batch norms (kernels/batch_norm.h), or dz
//   itself
// All slices are [n,c,H,W], of one shape and one dtype, f32, bf16 or f16, whole channel blocks. Arrays per channel are f32 and
// begin at the slice's first channel. The bits are the same for any number of threads. What does not fit: Error(Fault::defect)
// with the op and both shapes.
#pragma once

#include "kernels/batch_norm.h"

namespace thorax {

struct ResidualBranch {
  Slice x;
  const BatchNorm* norm = nullptr;  // null: x as it is
};

// y is overwritten; a NaN is handed on.
void residual_forward(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut, const Slice& y);

// y: the output. sums and shortcut_sums: [partial_sums,2,c] (statistics.h), overwritten: sum dz and sum dz*xhat of each image or
// part of one. shortcut_sums: null exactly where the shortcut has no batch norm.
void residual_backward_sums(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut, const Slice& dy,
                            const Slice& y, float* sums, float* shortcut_sums);

struct ResidualGradient {
  Slice dx;  // written or added to; without data: left out
  bool accumulate = false;
  const float* sum_dz = nullptr;  // totals [c] over the batch; null in evaluation mode, and where there is no batch norm
  const float* sum_dz_xhat = nullptr;
};

// From the totals over the batch of count = N*H*W pixels. The branch's gradient is done before the shortcut's, so that both may
// be one gradient when the shortcut's accumulates.
void residual_backward_apply(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut, const Slice& dy,
                             const Slice& y, int64_t count, const ResidualGradient& branch_gradient,
                             const ResidualGradient& shortcut_gradient);

}  // namespace thorax
