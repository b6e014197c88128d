// The samples that a DICOM file stores, decoded but not yet interpreted.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dicom.h"

namespace thorax::data {

// [rows,columns] of bits_allocated bits, little endian. Uncompressed pixels are only put in order; RLE is unpacked and everything
// else decoded in a process without rights (sandbox.h). Throws Error(input).
std::vector<uint8_t> stored_samples(const Dicom& dicom);

}  // namespace thorax::data
