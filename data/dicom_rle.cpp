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

// PackBits of one row of bytes: runs of three and more, what lies between them as it is, at most 128 at a time.
void pack(const std::vector<uint8_t>& row, std::vector<uint8_t>& out) {
  const auto run_at = [&](size_t at) {
    size_t n = 1;
    while (n < 128 && at + n < row.size() && row[at + n] == row[at]) ++n;
    return n;
  };
  for (size_t at = 0; at < row.size();) {
    const size_t run = run_at(at);
    if (run >= 3) {
      out.push_back(static_cast<uint8_t>(257 - run));
      out.push_back(row[at]);
      at += run;
      continue;
    }
    size_t end = at;
    while (end < row.size() && end - at < 128 && run_at(end) < 3) ++end;
    out.push_back(static_cast<uint8_t>(end - at - 1));
    out.insert(out.end(), row.begin() + static_cast<std::ptrdiff_t>(at), row.begin() + static_cast<std::ptrdiff_t>(end));
    at = end;
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

std::vector<uint8_t> encode_rle(std::span<const uint8_t> samples, size_t bytes_per_sample, size_t columns) {
  std::vector<uint8_t> out(header_bytes);
  const auto put = [&](size_t word, size_t value) {
    for (size_t byte = 0; byte < 4; ++byte) out[4 * word + byte] = static_cast<uint8_t>(value >> (8 * byte));
  };
  put(0, bytes_per_sample);
  std::vector<uint8_t> row(columns);
  for (size_t s = 0; s < bytes_per_sample; ++s) {
    put(1 + s, out.size());
    for (size_t begin = bytes_per_sample - 1 - s; begin < samples.size(); begin += columns * bytes_per_sample) {
      for (size_t x = 0; x < columns; ++x) row[x] = samples[begin + x * bytes_per_sample];
      pack(row, out);
    }
    if (out.size() % 2 != 0) out.push_back(0);
  }
  return out;
}

}  // namespace thorax::data
