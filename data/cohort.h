// Who is in a set of images: the figures of a paper's first table.
#pragma once

#include <optional>

#include "data/label_counts.h"

namespace thorax::data {

struct Cohort {
  int64_t images = 0;
  std::optional<int64_t> patients;  // nullopt: the table names none
  struct Ages {
    int64_t known = 0;  // patients (images, where no patient is named)
    double median = 0, lowest = 0, highest = 0;
  } ages;  // in years; of a patient's first image in the table
  int64_t female = 0, male = 0;
  LabelCounts labels;
};

Cohort cohort_of(const Manifest& manifest, const std::vector<size_t>& rows);

}  // namespace thorax::data
