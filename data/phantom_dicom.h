// A phantom as a DICOM file, in one of the ways in which hospitals have them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/phantom.h"

namespace thorax::data {

// MONOCHROME1 or 2, 12 to 14 bits, uncompressed, RLE, JPEG lossless or JPEG 2000 (lossless): drawn by (seed, number). With
// patient, age, sex, view, spacing and a window as wide as the bits. Throws Error(input) where thorax was built without GDCM.
std::vector<uint8_t> phantom_dicom(const Phantom& phantom, const std::string& patient, uint64_t seed, int64_t number);

// An Age String (PS3.5 6.2): "003W" below two months, "007M" below two years, "004Y".
std::string age_string(double years);

}  // namespace thorax::data
