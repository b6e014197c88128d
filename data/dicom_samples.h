// The samples that a DICOM file stores, decoded but not yet interpreted.
#pragma once

#include <cstdint>
#include <vector>

#include "data/codecs.h"
#include "data/dicom.h"

namespace thorax::data {

// What the decoder of encapsulated pixels gets: the job, and the file's own data or, for GDCM, a canonical file. The Dicom has to
// live as long.
struct DecoderInput {
  CodecJob job;
  std::span<const uint8_t> bytes;
  std::vector<uint8_t> canonical{};
};
// Throws Error(input) where thorax was built without the decoder.
DecoderInput decoder_input(const Dicom& dicom);

// use gets [rows,columns] of bits_allocated bits, little endian. Uncompressed pixels are only put in order; RLE is unpacked and
// everything else decoded in a process without rights, and used where that wrote it (sandbox.h). Throws Error(input).
void use_stored_samples(const Dicom& dicom, const UseSamples& use);
// A copy of them.
std::vector<uint8_t> stored_samples(const Dicom& dicom);

}  // namespace thorax::data
