#include "metrics/mean_interval.h"

#include <algorithm>
#include <numeric>

namespace thorax::metrics {

Mean mean_interval(std::span<const double> values, int64_t replicates, uint64_t seed) {
  const auto n = static_cast<double>(values.size());
  Mean mean{std::accumulate(values.begin(), values.end(), 0.0) / n, std::nullopt};
  if (replicates == 0) return mean;
  std::vector<uint32_t> times(values.size());
  std::vector<double> means;
  for (int64_t r = 0; r < replicates; ++r) {
    resample(seed, static_cast<uint64_t>(r), times);
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) sum += times[i] * values[i];
    means.push_back(sum / n);
  }
  std::sort(means.begin(), means.end());
  mean.interval = Interval{percentile(means, 0.025), percentile(means, 0.975), replicates};
  return mean;
}

}  // namespace thorax::metrics
