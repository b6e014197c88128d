#include "metrics/delong.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "metrics/midranks.h"
#include "metrics/normal.h"
#include "metrics/roc.h"

namespace thorax::metrics {
namespace {

// How each positive fares against all negatives, and each negative against all positives; their means are the AUC.
struct Components {
  std::vector<double> positives, negatives;
  double mean = 0;
};

Components components(std::span<const float> scores, std::span<const uint8_t> labels) {
  std::vector<float> groups[2];
  std::vector<float> all(scores.begin(), scores.end());
  for (size_t i = 0; i < scores.size(); ++i) groups[labels[i]].push_back(scores[i]);
  const auto m = static_cast<double>(groups[1].size()), n = static_cast<double>(groups[0].size());
  const std::vector<double> in_all = midranks(all);
  const std::vector<double> within[2] = {midranks(groups[0]), midranks(groups[1])};
  Components c;
  size_t next[2] = {0, 0};
  for (size_t i = 0; i < scores.size(); ++i) {
    const double against = in_all[i] - within[labels[i]][next[labels[i]]++];
    if (labels[i] != 0)
      c.positives.push_back(against / n);
    else
      c.negatives.push_back(1 - against / m);
  }
  for (const double v : c.positives) c.mean += v / m;
  return c;
}

double covariance(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / n;
  const double mean_y = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += (x[i] - mean_x) * (y[i] - mean_y);
  return sum / (n - 1) / n;
}

double covariance(const Components& x, const Components& y) {
  return covariance(x.positives, y.positives) + covariance(x.negatives, y.negatives);
}

}  // namespace

std::optional<PairedAuc> delong(std::span<const float> a, std::span<const float> b, std::span<const uint8_t> labels) {
  const RocCurve curve_a = roc(a, labels), curve_b = roc(b, labels);  // which check the input
  if (curve_a.positives < 2 || curve_a.negatives < 2) return std::nullopt;
  const Components x = components(a, labels), y = components(b, labels);
  PairedAuc r{*auc(curve_a), *auc(curve_b), covariance(x, x), covariance(y, y), covariance(x, y), 0, {}, {}, {}};
  r.difference = r.a - r.b;
  // As the variance of the differences themselves, which is exactly 0 where the two agree everywhere.
  Components d;
  for (size_t i = 0; i < x.positives.size(); ++i) d.positives.push_back(x.positives[i] - y.positives[i]);
  for (size_t i = 0; i < x.negatives.size(); ++i) d.negatives.push_back(x.negatives[i] - y.negatives[i]);
  const double deviation = std::sqrt(covariance(d, d));
  if (deviation > 0) {
    const double z95 = normal_quantile(0.975);
    r.low = std::max(-1.0, r.difference - z95 * deviation);
    r.high = std::min(1.0, r.difference + z95 * deviation);
    r.p = two_sided_p(r.difference / deviation);
  } else if (r.difference == 0) {
    r.p = 1;
  }
  return r;
}

}  // namespace thorax::metrics
