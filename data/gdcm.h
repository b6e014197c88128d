// The only door to GDCM, which knows the JPEG and JPEG 2000 data of DICOM files. JPEG-LS it knows too, and a test compares ours
// (jpeg_ls.h) with it; no file of a user gets there. Debian's has had no security fix: decoding sees nothing but files that
// canonical_dicom() wrote, and runs in a process without rights (sandbox.h). Encoding is for images of our own making (phantoms).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thorax::data::gdcm_codec {

// False: thorax was built without it.
bool available();
// "3.0.21"; empty without it.
std::string version();

// file: by canonical_dicom(). samples: [rows,columns], of 1 byte where the file allocates 8 bits, else of 2, little endian.
// Empty, or the reason why not.
std::string decode(std::span<const uint8_t> file, std::span<uint8_t> samples);

enum class Coding : uint8_t { jpeg_lossless, jpeg_2000_lossless };

// samples: [rows,columns] of 16 bits, little endian, `bits` (9...16) of them used. The codestream; empty where that fails.
std::vector<uint8_t> encode(Coding coding, uint32_t columns, uint32_t rows, int bits, std::span<const uint8_t> samples);

}  // namespace thorax::data::gdcm_codec
