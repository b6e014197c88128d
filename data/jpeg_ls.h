// JPEG-LS (ITU-T T.87, ISO 14495-1): one grey component, lossless or with an allowed difference, 2 to 16 bits, one scan, no
// restart intervals. Each pixel is predicted from its neighbours; what is missing is a Golomb code whose length follows what the
// same surroundings needed so far. Equal surroundings are coded as runs.
#pragma once

#include <cstdint>
#include <span>

namespace thorax::data {

struct JpegLsFrame {
  int64_t height = 0, width = 0;
  int bits = 0;                   // of a sample
  int largest = 0;                // sample; T.87: MAXVAL
  int near = 0;                   // the allowed difference
  int t1 = 0, t2 = 0, t3 = 0;     // thresholds of the gradients
  int reset = 64;                 // a context halves its sums after so many pixels
  std::span<const uint8_t> scan;  // from the first coded byte on
};

// The headers, defaults filled in. Throws Error(input) where they are not those of such an image.
JpegLsFrame read_jpeg_ls(std::span<const uint8_t> data);

// samples: [height,width] of 1 byte up to 8 bits, else of 2, little endian. Throws Error(input) where the scan is damaged, or
// ends before its pixels do.
void decode_jpeg_ls(const JpegLsFrame& frame, std::span<uint8_t> samples);

}  // namespace thorax::data
