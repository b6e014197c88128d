// The table that papers begin with: images, patients, age, sex and labels of each split, with per cents.
#pragma once

#include <string>
#include <vector>

#include "data/manifest.h"

namespace thorax {

// Its rows, each a name and a cell per part.
struct CohortRows {
  std::vector<std::string> parts;  // the splits that are there, and all
  std::vector<std::vector<std::string>> known;
  std::vector<std::vector<std::string>> unknown;  // how many labels are not known, of the classes where some are not
};
CohortRows cohort_rows(const data::Manifest& manifest);

// As text of at most 80 columns, a column per split that is there and one for all.
std::string cohort_table(const data::Manifest& manifest);

// The same as the value of a JSON key: an object per split that is there, and "all". docs/cli.md lists the keys.
std::string cohort_json(const data::Manifest& manifest);

}  // namespace thorax
