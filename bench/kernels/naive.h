// How one would write these kernels first: the yardstick of --variant. The contracts are those of kernels/batch_norm.h,
// statistics.h, avg_pool.h and max_pool.h.
#pragma once

#include "kernels/batch_norm.h"
#include "kernels/window.h"

namespace thorax::bench::naive {

void batch_norm_relu(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y);
// The copy, then its statistics: mean and variance of each channel over all images.
void append(const Stream& stream, const Slice& from, const Slice& to, float* mean, float* variance);
void avg_pool(const Stream& stream, const Slice& x, const Window& window, const Slice& y);
void max_pool(const Stream& stream, const Slice& x, const Window& window, const Slice& y);

}  // namespace thorax::bench::naive
