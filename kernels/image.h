// Preprocessing of one grey plane.
#pragma once

#include <cstdint>

namespace thorax {

enum class Fit : uint8_t {
  stretch,  // to the square, as the paper says
  pad,      // keep the aspect ratio, centred, zero around it
};

// Histogram equalisation, bit for bit OpenCV's equalizeHist. in, out: [count] bytes; out may be in.
void equalize_histogram(const uint8_t* in, uint8_t* out, int64_t count);

// Bilinear, half-pixel centres, edges clamped, no anti-aliasing: the exact value, rounded once (halves up). Sides up to 2^18. in:
// [h,w], out: [out_h,out_w], overwritten.
void resize_bilinear(const uint8_t* in, int64_t h, int64_t w, uint8_t* out, int64_t out_h, int64_t out_w);

}  // namespace thorax
