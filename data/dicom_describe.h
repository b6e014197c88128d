// Sentences about a DICOM file.
#pragma once

#include <string>

#include "data/dicom.h"

namespace thorax::data {

// Empty for CR, DX and DR; else what a person should know.
std::string modality_warning(const Dicom& dicom);

// "slope 2, intercept -1024 -> window 40/400 (LINEAR) -> inverted (MONOCHROME1) -> 8 bits"
std::string grey_road(const Dicom& dicom);

}  // namespace thorax::data
