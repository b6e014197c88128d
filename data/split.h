// Splits by patient, where a table has none.
#pragma once

#include "data/manifest.h"

namespace thorax::data {

// Whole patients, in an order drawn with the seed, into 70% train, 15% val and 15% test of the images. Throws Error(input) when
// there are fewer than three patients.
void split_by_patient(Manifest& manifest, uint64_t seed);

// image, patient, split: a CSV, one line per image.
std::string split_csv(const Manifest& manifest);

// The split that split_csv() wrote, put into the same table. Throws Error(input) when an image of the table is not in the file.
void apply_split_csv(Manifest& manifest, const std::filesystem::path& file);

}  // namespace thorax::data
