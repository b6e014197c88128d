// The only DICOM files that a foreign decoder sees: one frame of one grey component, its codestream and the twelve numbers and
// names that describe it, all written here. No sequence, no private element, no overlay, no lookup table, nothing of a person.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dicom.h"

namespace thorax::data {

// Of an encapsulated image that read_dicom() let pass; its bits are those of the codestream.
std::vector<uint8_t> canonical_dicom(const Dicom& dicom);

}  // namespace thorax::data
