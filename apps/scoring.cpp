#include "apps/scoring.h"

#include <algorithm>

namespace thorax {

metrics::Scores truth_of(const data::Manifest& manifest, const std::vector<size_t>& rows) {
  metrics::Scores s;
  s.classes = manifest.classes;
  s.n = static_cast<int64_t>(rows.size());
  for (size_t row : rows) {
    // A soft label is a guess to train with, no truth to measure against.
    for (float label : manifest.rows[row].labels) s.labels.push_back(label > 0 && label < 1 ? data::unknown_label : label);
  }
  s.probabilities.resize(s.labels.size(), 0.0F);
  return s;
}

metrics::Scores score(Network& network, data::Loader& loader, const data::Manifest& manifest, const std::vector<size_t>& rows,
                      const std::function<void(const data::Batch&)>& after_batch) {
  metrics::Scores s = truth_of(manifest, rows);
  loader.start(0);
  data::Batch batch;
  auto to = s.probabilities.begin();
  while (loader.next(batch)) {
    // A smaller last batch leaves old images behind it, whose results nobody reads.
    std::copy(batch.pixels.begin(), batch.pixels.end(), network.bytes().as<uint8_t>());
    network.run();
    const float* p = network.probabilities().as<float>();
    to = std::copy_n(p, batch.labels.size(), to);
    after_batch(batch);
  }
  return s;
}

}  // namespace thorax
