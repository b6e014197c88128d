#include "data/dicom_rle.h"

#include <algorithm>

#include "data/dicom_elements.h"
#include "data/refuse.h"

namespace thorax::data {

namespace {

constexpr size_t header_bytes = 64;

size_t offset(std::span<const uint8_t> data, size_t segment) {
  return read_u32(data, 4 * (1 + segment), false);
}

// Every stride-th byte of `out` from its first on.
void unpack(std::span<const uint8_t> in, std::span<uint8_t> out, size_t stride) {
  size_t at = 0;
  for (size_t to = 0; to < out.size();) {
    if (at >= in.size()) refuse("RLE data ends before the image does");
    const auto control = static_cast<int8_t>(in[at++]);
    if (control == -128) continue;
    const size_t wanted = control >= 0 ? static_cast<size_t>(control) + 1 : static_cast<size_t>(1 - control);
    if (in.size() - at < (control >= 0 ? wanted : 1)) refuse("RLE data ends before the image does");
    // An encoder may run over the end of the image by what fills its last byte pair; that is cut off.
    const size_t count = std::min(wanted, (out.size() - to + stride - 1) / stride);
    for (size_t k = 0; k < count; ++k, to += stride) out[to] = in[at + (control >= 0 ? k : 0)];
    at += control >= 0 ? wanted : 1;
  }
}

}  // namespace

void check_rle(std::span<const uint8_t> data, int bytes_per_sample) {
  if (data.size() < header_bytes) refuse("RLE data ends within its header");
  const auto segments = static_cast<size_t>(bytes_per_sample);
  if (read_u32(data, 0, false) != segments)
    refuse("RLE data has ", read_u32(data, 0, false), " segments; ", segments, " are expected");
  for (size_t s = 0; s < segments; ++s) {
    const size_t before = s == 0 ? header_bytes : offset(data, s - 1) + 1;
    if (offset(data, s) < before || offset(data, s) > data.size()) refuse("RLE data is damaged: segments that are not in it");
  }
}

void decode_rle(std::span<const uint8_t> data, int bytes_per_sample, std::span<uint8_t> samples) {
  check_rle(data, bytes_per_sample);
  const auto segments = static_cast<size_t>(bytes_per_sample);
  for (size_t s = 0; s < segments; ++s) {
    const size_t end = s + 1 < segments ? offset(data, s + 1) : data.size();
    // The most significant bytes come first.
    unpack(data.subspan(offset(data, s), end - offset(data, s)), samples.subspan(segments - 1 - s), segments);
  }
}

}  // namespace thorax::data
