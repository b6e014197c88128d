// From the samples that a DICOM file stores to the grey bytes that a person would be shown (PS3.3 C.11, PS3.4 N.2).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/dicom.h"

namespace thorax::data {

// samples: [rows,columns] of bits_allocated bits, little endian (dicom_samples.h); whatever they are, and should they change
// meanwhile, the result is [rows,columns] of some grey.
// stored value -> modality table, or slope and intercept -> VOI table, or window, or, with neither, minimum to maximum of the
// image without its padding -> 0...255, rounded -> MONOCHROME1 inverted. Every step is of one pixel alone, so all of them
// together are one table of 256 or 65,536 bytes.
std::vector<uint8_t> grey_of(const Dicom& dicom, std::span<const uint8_t> samples);

// The integer that a sample stands for. Bits beyond the stored ones do not count (overlays lay there). A lossy codestream may
// overshoot what the stored bits hold: that is cut off, not wrapped around.
int32_t stored_value(const Dicom& dicom, uint16_t sample);

}  // namespace thorax::data
