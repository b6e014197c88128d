// Batch normalisation (Ioffe & Szegedy 2015) with the ReLU behind it, forward and in three forms backward.
//   y  = relu(a*x + s),  a = gamma / sqrt(variance + eps),  s = beta - mean*a; a NaN is handed on
//   dz = dy where a*x + s > 0, else 0 (the very expression of the forward pass);  xhat = (x - mean) / sqrt(variance + eps)
//   dx = a*dz - a*sum(dz)/count - xhat * a*sum(dz*xhat)/count      (sums over the batch's count = N*H*W)
// Slices are [n,c,H,W], f32, bf16 or f16, whole channel blocks; x, y and dy of one dtype. Arrays per channel are f32 and begin
// at the slice's first channel. Images x channel blocks are shared out over stream.threads; inside an OpenMP parallel region
// (images side by side, one a call) a kernel runs serially. The bits are the same for any number of threads and any grouping of
// images. Shapes, dtypes or layouts that do not fit: Error(Fault::defect) with the op and both shapes.
#pragma once

#include "tensor/slice.h"
#include "tensor/stream.h"

namespace thorax {

struct BatchNorm {
  const float* mean;
  const float* variance;  // biased
  const float* gamma;
  const float* beta;
  float eps;
};

// y is overwritten; may be x. relu: false for a batch norm alone.
void batch_norm_relu_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y, bool relu);

// sums: [partial_sums,2,c] (statistics.h), overwritten: sum dz and sum dz*xhat of each image or part of one.
void batch_norm_relu_backward_sums(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu,
                                   float* sums);

// The linear form, one pass: g = a*dz, or g += a*dz; and the sums, overwritten. g: f32, bf16 or f16. What is missing of dx is
// summed over a channel's consumers by accumulate_corrections and added once by apply_corrections.
void batch_norm_relu_backward_linear(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu,
                                     const Slice& g, bool accumulate, float* sums);

// The textbook form, from the totals [c]: dx = ..., or dx += .... dx: f32, bf16 or f16; may be dy. Null totals: evaluation mode,
// dx = a*dz.
void batch_norm_relu_backward_apply(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu,
                                    const float* sum_dz, const float* sum_dz_xhat, int64_t count, const Slice& dx,
                                    bool accumulate);

// The same around a 2x2 average pooling behind the ReLU: y and dpool are [n,c,H/2,W/2] (an odd last row or column is dropped),
// and dz = dpool/4, 0 where dropped; count includes what is dropped. The parts of `sums` are those of the pooled maps.
void batch_norm_relu_avg_pool_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y);
void batch_norm_relu_avg_pool_backward_sums(const Stream& stream, const Slice& x, const Slice& dpool, const BatchNorm& norm,
                                            float* sums);
void batch_norm_relu_avg_pool_backward_apply(const Stream& stream, const Slice& x, const Slice& dpool, const BatchNorm& norm,
                                             const float* sum_dz, const float* sum_dz_xhat, int64_t count, const Slice& dx,
                                             bool accumulate);

// sums: [parts,2,channels] -> dgamma = sum dz*xhat and dbeta = sum dz, written or added to, unless null; and the totals
// [channels].
void finish_sums(const Stream& stream, const float* sums, int64_t parts, int64_t channels, float* dgamma, float* dbeta,
                 bool accumulate, float* sum_dz, float* sum_dz_xhat);

// What one consumer leaves to be applied once at the end: b = or += -a*sum_dz_xhat/count, c = or += -a*sum_dz/count.
void accumulate_corrections(const Stream& stream, const float* gamma, const float* variance, float eps, const float* sum_dz,
                            const float* sum_dz_xhat, int64_t count, int64_t channels, float* b, float* c, bool accumulate);

// out = g + b*xhat + c. out: f32, bf16 or f16, may be g.
void apply_corrections(const Stream& stream, const Slice& g, const Slice& x, const float* mean, const float* variance, float eps,
                       const float* b, const float* c, const Slice& out);

}  // namespace thorax
