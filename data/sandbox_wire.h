// What a program and its decoder process tell each other: fixed fields on a socket of whole messages, the bytes of files and
// images in memory that both have mapped. No text: neither messages nor anything of a patient can come back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "data/codecs.h"
#include "data/limits.h"

namespace thorax::data::wire {

constexpr const char* process_name = "thorax-decoder";
constexpr const char* process_argument = "--decode-on-descriptors-3-and-4";
constexpr int socket = 3;
constexpr int memory = 4;

// The input lies at 0 (a whole file, or one by canonical_dicom()), the output behind it.
constexpr size_t most_in = largest_file + (size_t{1} << 20);
constexpr size_t most_out = 2 * static_cast<size_t>(most_pixels);

enum class Isolation : uint32_t { full, no_filter, sanitizer };

struct Hello {
  uint32_t version = 1;
  Isolation isolation = Isolation::full;
};

struct Request {
  uint64_t number = 0;
  CodecJob job;
  uint64_t in_bytes = 0;
};

struct Reply {
  uint64_t number = 0;
  Outcome outcome = Outcome::failed;
  uint32_t reserved = 0;
};

}  // namespace thorax::data::wire
