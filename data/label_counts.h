// How often each label occurs.
#pragma once

#include "data/manifest.h"

namespace thorax::data {

struct LabelCounts {
  // [C]. The sum of the known labels: how many are positive, a soft label with its own part.
  std::vector<double> positives;
  std::vector<int64_t> known;  // [C]; soft ones too
  std::vector<int64_t> soft;   // [C]
};

// An unknown label (NaN) is counted in none of the three.
LabelCounts count_labels(const Manifest& manifest, const std::vector<size_t>& rows);

}  // namespace thorax::data
