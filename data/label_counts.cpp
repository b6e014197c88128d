#include "data/label_counts.h"

#include <cmath>

namespace thorax::data {

LabelCounts count_labels(const Manifest& manifest, const std::vector<size_t>& rows) {
  const size_t classes = manifest.classes.size();
  LabelCounts c{std::vector<double>(classes), std::vector<int64_t>(classes), std::vector<int64_t>(classes)};
  for (size_t row : rows) {
    for (size_t k = 0; k < classes; ++k) {
      const float label = manifest.rows[row].labels[k];
      if (std::isnan(label)) continue;
      c.known[k] += 1;
      c.soft[k] += label > 0 && label < 1 ? 1 : 0;
      c.positives[k] += static_cast<double>(label);
    }
  }
  return c;
}

}  // namespace thorax::data
