#include "kernels/cuda/device.cuh"
#include "kernels/merge_groups_math.h"

namespace thorax::cuda {

namespace {

// A thread a channel.
__global__ void merge_groups_kernel(const float* groups, const GroupCounts counts, int64_t channels, float* mean,
                                    float* variance) {
  const int64_t c = index_of_thread();
  if (c >= channels) return;
  const Moments m = merged_groups(groups, counts, channels, c);
  mean[c] = static_cast<float>(m.mean);
  variance[c] = static_cast<float>(m.m2 / m.count);
}

}  // namespace

void merge_groups(const Stream& stream, const float* groups, const GroupCounts& counts, int64_t channels, float* mean,
                  float* variance) {
  const auto blocks = static_cast<unsigned>((channels + flat_threads - 1) / flat_threads);
  merge_groups_kernel<<<blocks, flat_threads, 0, queue_of(stream)>>>(groups, counts, channels, mean, variance);
  launched("merge_groups");
}

}  // namespace thorax::cuda
