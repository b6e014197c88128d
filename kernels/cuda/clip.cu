// The sums of squares of gradients, and what follows from them, in double and in a fixed order.
#include "kernels/clip.h"

#include "kernels/clip_math.h"
#include "kernels/cuda/device.cuh"
#include "kernels/square_sum.h"

namespace thorax::cuda {

namespace {

// The sum over the block. All threads of the block.
__device__ double block_sum(double own) {
  __shared__ double sums[flat_threads];
  const auto t = static_cast<int>(threadIdx.x);
  sums[t] = own;
  __syncthreads();
  for (int half = flat_threads / 2; half > 0; half /= 2) {
    if (t < half) sums[t] += sums[t + half];
    __syncthreads();
  }
  return sums[0];
}

__device__ double square(float x) {
  return static_cast<double>(x) * static_cast<double>(x);
}

// A block: one piece. Four elements a thread, then the last count % 4.
__global__ void square_sum_kernel(const float* x, int64_t count, double* parts) {
  const int64_t begin = blockIdx.x * square_sum_piece;
  const int64_t end = begin + square_sum_piece < count ? begin + square_sum_piece : count;
  double sum = 0;
  for (int64_t i = begin / 4 + threadIdx.x; i < end / 4; i += flat_threads) {
    const float4 v = reinterpret_cast<const float4*>(x)[i];
    sum += (square(v.x) + square(v.y)) + (square(v.z) + square(v.w));
  }
  const int64_t last = end / 4 * 4 + threadIdx.x;
  if (last < end) sum += square(x[last]);
  sum = block_sum(sum);
  if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

// One block: a model has some thousand parts.
__global__ void clip_kernel(const double* parts, int64_t count, double limit, double* norm, SgdScalars* scalars, int64_t groups,
                            LossScaleState* scale) {
  double sum = 0;
  for (int64_t i = threadIdx.x; i < count; i += flat_threads) sum += parts[i];
  const double root = std::sqrt(block_sum(sum));
  for (int64_t i = threadIdx.x; i < groups; i += flat_threads) scale_gradient(scalars[i], root, limit, scale);
  __syncthreads();  // all have read the scale
  if (threadIdx.x != 0) return;
  *norm = scale == nullptr ? root : root / static_cast<double>(scale->scale);
  if (scale != nullptr) next_loss_scale(*scale, std::isfinite(root));
}

}  // namespace

void square_sum(const Stream& stream, const Tensor& x, double* parts) {
  const auto blocks = static_cast<unsigned>(square_sum_parts(x.count()));
  square_sum_kernel<<<blocks, flat_threads, 0, queue_of(stream)>>>(x.as<float>(), x.count(), parts);
  launched("square_sum");
}

void clip(const Stream& stream, const double* parts, int64_t count, double limit, double* norm, SgdScalars* scalars,
          int64_t groups, LossScaleState* scale) {
  clip_kernel<<<1, flat_threads, 0, queue_of(stream)>>>(parts, count, limit, norm, scalars, groups, scale);
  launched("clip");
}

}  // namespace thorax::cuda
