// The only door to GDCM, which decodes the JPEG, JPEG-LS and JPEG 2000 data of DICOM files. Debian's has had no security fix: it
// sees nothing but files that canonical_dicom() wrote, and runs in a process without rights (sandbox.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace thorax::data::gdcm_decoder {

// False: thorax was built without it.
bool available();

// file: by canonical_dicom(). samples: [rows,columns], of 1 byte where the file allocates 8 bits, else of 2, little endian.
// Empty, or the reason why not.
std::string decode(std::span<const uint8_t> file, std::span<uint8_t> samples);

}  // namespace thorax::data::gdcm_decoder
