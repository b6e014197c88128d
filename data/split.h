// Splits by patient, where a table has none.
#pragma once

#include <array>

#include "data/manifest.h"

namespace thorax::data {

using Fractions = std::array<double, 3>;  // of train, val, test; sum 1
constexpr Fractions usual_fractions{0.70, 0.15, 0.15};

// These rows: whole patients, stratified by all labels (data/stratify.h; a soft label counts as positive from one half on). The
// same for any order of the rows. Throws Error(input) when there are fewer patients than fractions above 0.
void split_by_patient(Manifest& manifest, const std::vector<size_t>& rows, const Fractions& fractions, uint64_t seed);
// All rows, 70/15/15.
void split_by_patient(Manifest& manifest, uint64_t seed);

// How far the share of a class's positive images that a split has is from the fraction that it should have.
struct ShareError {
  double error = 0;  // absolute: 0.02 where a split has 17 per cent instead of 15
  size_t class_index = 0;
  Split split = Split::none;
  double share = 0;       // of the class's positives
  int64_t positives = 0;  // of the class in all splits
};
// The largest of any class and split; classes without a positive are left out. error 0 and no split where there is none.
ShareError largest_share_error(const Manifest& manifest, const std::vector<size_t>& rows, const Fractions& fractions);

// image, patient, split: a CSV, one line per image.
std::string split_csv(const Manifest& manifest);

// The split that split_csv() wrote, put into the same table. An image of the table that is not in the file is an Error(input), or
// is left out of the table, too.
enum class Missing : uint8_t { refuse, leave_out };
void apply_split_csv(Manifest& manifest, const std::filesystem::path& file, Missing missing = Missing::refuse);

}  // namespace thorax::data
