// Arrays of numpy: .npy (numpy.org/doc/stable/reference/generated/numpy.lib.format.html) and archives of them, .npz.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "weights/weight_file.h"
#include "weights/zip.h"

namespace thorax::weights {

bool is_npy(std::span<const std::byte> bytes);

// One array, whose storage is a part of bytes. Refused (Fault::input): Python objects, records, big-endian numbers, a header of
// more than 10,000 bytes or of another form than numpy writes, a size that is not the payload's.
WeightTensor read_npy(std::span<const std::byte> bytes, const std::string& name, const std::string& where);

Contents read_npz(const ZipFile& zip, const std::string& where);

}  // namespace thorax::weights
