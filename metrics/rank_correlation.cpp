#include "metrics/rank_correlation.h"

#include <cmath>

#include "metrics/midranks.h"

namespace thorax::metrics {

std::optional<double> rank_correlation(std::span<const float> a, std::span<const float> b) {
  const std::vector<double> ra = midranks(a);
  const std::vector<double> rb = midranks(b);
  const double mean = 0.5 * (static_cast<double>(a.size()) + 1);
  double aa = 0;
  double bb = 0;
  double ab = 0;
  for (size_t i = 0; i < ra.size(); ++i) {
    aa += (ra[i] - mean) * (ra[i] - mean);
    bb += (rb[i] - mean) * (rb[i] - mean);
    ab += (ra[i] - mean) * (rb[i] - mean);
  }
  if (aa == 0 || bb == 0) return std::nullopt;
  return ab / std::sqrt(aa * bb);
}

}  // namespace thorax::metrics
