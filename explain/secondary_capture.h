// An overlay as DICOM: a Secondary Capture (PS3.3 A.8.1) in the study of the radiograph that it was made from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "explain/bitmap_font.h"

namespace thorax::explain {

// source: the radiograph's DICOM file. Patient and study stay as they are there, the values go from file to file; series and
// instance are new, their UIDs a function of the source, name and seed; the source is referred to. "NOT FOR DIAGNOSIS" is burnt
// into the picture, and the file says that there is text in it. name: of the class, in the series' description. number: of the
// instance in its series. Throws Error(input) when the source is no DICOM file.
std::vector<uint8_t> secondary_capture(std::span<const uint8_t> source, Picture picture, const std::string& name, int64_t number,
                                       uint64_t seed);

}  // namespace thorax::explain
