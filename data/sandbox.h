// Decoders run in processes of their own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/codecs.h"

namespace thorax::data {

// job.bytes() bytes of samples. Throws Error(input) with what went wrong, without the file's name.
std::vector<uint8_t> decode_apart(const CodecJob& job, std::span<const uint8_t> in);

}  // namespace thorax::data
