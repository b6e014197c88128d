// The table that papers begin with: images, patients, age, sex and labels of each split, with per cents.
#pragma once

#include <string>

#include "data/manifest.h"

namespace thorax {

// As text of at most 80 columns, a column per split that is there and one for all.
std::string cohort_table(const data::Manifest& manifest);

// The same as the value of a JSON key: an object per split that is there, and "all". docs/cli.md lists the keys.
std::string cohort_json(const data::Manifest& manifest);

}  // namespace thorax
