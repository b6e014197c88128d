// Lookup tables in a DICOM header.
#pragma once

#include <optional>

#include "data/dicom.h"
#include "data/dicom_fields.h"

namespace thorax::data {

// The first item of Modality LUT Sequence or VOI LUT Sequence. signed_input: how the descriptor's second number is to be read
// where its value representation does not tell. Nothing: there is none. Throws Error(input).
std::optional<Lut> read_lut(const DicomFields& fields, Tag sequence, bool signed_input);

}  // namespace thorax::data
