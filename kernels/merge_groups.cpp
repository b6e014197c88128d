#include "kernels/merge_groups.h"

#include <algorithm>

#include "kernels/isa.h"
#include "kernels/merge_groups_math.h"
#include "tensor/error.h"

namespace thorax {

THORAX_CUDA_TWIN(void merge_groups(const Stream&, const float*, const GroupCounts&, int64_t, float*, float*))

void merge_groups(const Stream& stream, const float* groups, const std::vector<int64_t>& counts, int64_t channels, float* mean,
                  float* variance) {
  if (counts.size() > most_groups)
    throw Error(Fault::machine, str("batch norms over the images of ", counts.size(), " processes: at most ", most_groups));
  GroupCounts all{};
  std::copy(counts.begin(), counts.end(), all.of);
  all.size = static_cast<int>(counts.size());
  THORAX_RETURN_CUDA(merge_groups, stream, groups, all, channels, mean, variance);
  for (int64_t c = 0; c < channels; ++c) {
    const Moments m = merged_groups(groups, all, channels, c);
    mean[c] = static_cast<float>(m.mean);
    variance[c] = static_cast<float>(m.m2 / m.count);
  }
}

}  // namespace thorax
