// The gate before the decoders: whether compressed pixels are what the DICOM header says. Most of what was published against
// GDCM, OpenJPEG and CharLS needs a codestream that disagrees with its header, or with itself.
#pragma once

#include "data/dicom.h"

namespace thorax::data {

// Throws Error(input) that says what is wrong: another kind of coding than the transfer syntax names, another size than rows and
// columns, more than one component, more bits than are allocated, tables beyond their limits, parts that are missing.
Coded check_codestream(const Dicom& dicom);

// The same for one JPEG 2000 codestream (ITU-T T.800 annex A).
Coded check_jpeg_2000(const Dicom& dicom);

}  // namespace thorax::data
