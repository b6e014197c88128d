// Every decoder of compressed pixels behind one call. Runs in a process without rights (sandbox.h), never in the program itself.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace thorax::data {

enum class Codec : uint32_t { png, jpeg, rle, jpeg_ls, gdcm };

// What the caller has read in the headers of the file, and wants of it.
struct CodecJob {
  Codec codec = Codec::png;
  uint32_t bytes_per_sample = 1;  // png, jpeg: 1; rle: of a sample; jpeg_ls: 1 up to 8 bits, else 2; gdcm: 1 where
                                  // canonical_dicom() allocates 8 bits, else 2
  int64_t height = 0;
  int64_t width = 0;

  size_t bytes() const { return static_cast<size_t>(height * width) * bytes_per_sample; }
};

// What a caller does with decoded samples, which are gone afterwards.
using UseSamples = std::function<void(std::span<const uint8_t>)>;

enum class Outcome : uint32_t { done, broken, other_size, no_memory, failed };

// in: png, jpeg: a whole file; rle, jpeg_ls: its data; gdcm: a file by canonical_dicom(). out: [height,width] samples,
// job.bytes() long; png, jpeg: grey bytes (image.h), else little endian. What it holds counts only after Outcome::done.
Outcome run_codec(const CodecJob& job, std::span<const uint8_t> in, std::span<uint8_t> out) noexcept;

}  // namespace thorax::data
