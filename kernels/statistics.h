// Mean and variance of channels: per image as mean and M2, merged in image order, so that nothing cancels and the bits are the
// same for any number of threads (Chan, Golub & LeVeque 1983).
#pragma once

#include "tensor/slice.h"
#include "tensor/stream.h"

namespace thorax {

// x: [n,c,H,W] blocked, f32 or bf16. partial: [n,2,c], overwritten: mean and M2 (sum of squared deviations) of each image.
void channel_statistics(const Stream& stream, const Slice& x, float* partial);

// to = from; f32 or bf16 each. partial, unless null: as channel_statistics(to), of the stored (rounded) values.
void copy_with_statistics(const Stream& stream, const Slice& from, const Slice& to, float* partial);

// partial: [images,2,channels], each image of `pixels` pixels -> mean and biased variance [channels].
void merge_statistics(const float* partial, int64_t images, int64_t channels, int64_t pixels, float* mean, float* variance);

// running = (1 - momentum) * running + momentum * batch, with the unbiased variance count/(count-1) as PyTorch; counts the batch.
// count: pixels of the batch, N*H*W.
void update_running(const float* mean, const float* variance, int64_t channels, int64_t count, float momentum,
                    float* running_mean, float* running_var, int64_t* num_batches_tracked);

}  // namespace thorax
