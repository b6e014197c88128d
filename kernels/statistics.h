// Mean and variance of channels: per image (on a GPU: per run of pixels of an image) as mean and M2, merged in a fixed order, so
// that nothing cancels and the bits are the same for any number of threads (Chan, Golub & LeVeque 1983).
#pragma once

#include "tensor/slice.h"
#include "tensor/stream.h"

namespace thorax {

// How many partial sums a channel has over `images` maps of `pixels` pixels: images on the CPU.
int64_t partial_sums(const Stream& stream, int64_t images, int64_t pixels);

// x: [n,c,H,W], f32, bf16 or f16. partial: [partial_sums,2,c], overwritten: mean and M2 (sum of squared deviations) of each part.
void channel_statistics(const Stream& stream, const Slice& x, float* partial);

// to = from; f32, bf16 or f16 each. partial, unless null: as channel_statistics(to), of the stored (rounded) values.
void copy_with_statistics(const Stream& stream, const Slice& from, const Slice& to, float* partial);

// partial: [partial_sums,2,channels], each image of `pixels` pixels -> mean and biased variance [channels].
void merge_statistics(const Stream& stream, const float* partial, int64_t images, int64_t channels, int64_t pixels, float* mean,
                      float* variance);

// running = (1 - momentum) * running + momentum * batch, with the unbiased variance count/(count-1) as PyTorch; counts the batch.
// count: pixels of the batch, N*H*W.
void update_running(const Stream& stream, const float* mean, const float* variance, int64_t channels, int64_t count,
                    float momentum, float* running_mean, float* running_var, int64_t* num_batches_tracked);

}  // namespace thorax
