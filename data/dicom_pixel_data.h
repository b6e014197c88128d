// Where the pixels of a DICOM file lie.
#pragma once

#include "data/dicom.h"
#include "data/dicom_elements.h"

namespace thorax::data {

// Native pixels: refuses a length that is not what rows, columns and bits need.
void take_native_pixels(Dicom& dicom, const Element& element);

// Encapsulated pixels of one frame (PS3.5 A.4): an offset table, fragments, a delimiter. bytes: the file; at: behind the header
// of the element.
void take_fragments(Dicom& dicom, std::span<const uint8_t> bytes, size_t at);

}  // namespace thorax::data
