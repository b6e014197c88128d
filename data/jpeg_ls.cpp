#include "data/jpeg_ls.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "data/jpeg_ls_scan.h"
#include "data/jpeg_segments.h"
#include "data/refuse.h"

namespace thorax::data {

namespace {

using Bytes = std::span<const uint8_t>;

// Thresholds that the data does not give (T.87 C.2.4.1.1).
void add_defaults(JpegLsFrame& f) {
  if (f.largest == 0) f.largest = (1 << f.bits) - 1;
  const auto within = [&](int value, int least) { return value > f.largest || value < least ? least : value; };
  const bool wide = f.largest >= 128;
  const int factor = wide ? (std::min(f.largest, 4095) + 128) / 256 : 256 / (f.largest + 1);
  // Where samples are narrow, the allowed difference counts before the least value does.
  const auto threshold = [&](int basic, int least, int per_near) {
    return wide ? factor * (basic - least) + least + per_near * f.near : std::max(least, basic / factor + per_near * f.near);
  };
  const int t1 = within(threshold(3, 2, 3), f.near + 1);
  const int t2 = within(threshold(7, 3, 5), t1);
  const int t3 = within(threshold(21, 4, 7), t2);
  if (f.t1 == 0) f.t1 = t1;
  if (f.t2 == 0) f.t2 = t2;
  if (f.t3 == 0) f.t3 = t3;
  if (f.reset == 0) f.reset = 64;
}

JpegLsFrame read_frame(Bytes d) {
  if (d.size() != 9 || d[5] != 1) refuse("JPEG-LS data is damaged: a wrong frame header");
  JpegLsFrame f;
  f.bits = d[0];
  f.height = d[1] << 8 | d[2];
  f.width = d[3] << 8 | d[4];
  if (f.bits < 2 || f.bits > 16 || f.height == 0 || f.width == 0) refuse("JPEG-LS data is damaged: a wrong frame header");
  return f;
}

void read_parameters(Bytes d, JpegLsFrame& f) {
  if (d.size() != 11 || d[0] != 1) refuse("JPEG-LS data has mapping tables or sizes beyond its header");
  const auto number = [&](size_t k) { return d[1 + 2 * k] << 8 | d[2 + 2 * k]; };
  f.largest = number(0);
  f.t1 = number(1);
  f.t2 = number(2);
  f.t3 = number(3);
  f.reset = number(4);
  if (f.largest >= 1 << f.bits) refuse("JPEG-LS data has samples beyond its ", f.bits, " bits");
}

// One component without a mapping table, not interleaved, no point transform; and the limits of T.87 C.2.3 and C.2.4.1.1.
void read_scan_header(Bytes d, JpegLsFrame& f) {
  if (d.size() != 6 || d[0] != 1 || d[2] != 0 || d[4] != 0 || d[5] != 0) refuse("JPEG-LS data is damaged: a wrong scan header");
  f.near = d[3];
  add_defaults(f);
  if (f.near > f.largest / 2) refuse("JPEG-LS data is damaged: too large a difference is allowed");
  if (f.t1 <= f.near || f.t2 < f.t1 || f.t3 < f.t2 || f.t3 > f.largest) refuse("JPEG-LS data is damaged: wrong thresholds");
  if (f.reset < 3 || f.reset > std::max(255, f.largest)) refuse("JPEG-LS data is damaged: contexts are halved at ", f.reset);
}

template <bool whole>
void decode_scan(const JpegLsFrame& frame, std::span<uint8_t> samples) {
  const auto width = static_cast<size_t>(frame.width);
  const size_t sample_bytes = frame.bits <= 8 ? 1 : 2;
  JpegLsScan<whole> scan(frame);
  std::vector<uint16_t> before(width + 2);
  std::vector<uint16_t> line(width + 2);
  for (size_t y = 0; y < static_cast<size_t>(frame.height); ++y) {
    // Beyond the ends of a line (T.87 A.2.1).
    before[width + 1] = before[width];
    line[0] = before[1];
    scan.decode(before.data() + 1, line.data() + 1);
    uint8_t* out = samples.data() + y * width * sample_bytes;
    if (sample_bytes == 2)
      std::memcpy(out, line.data() + 1, 2 * width);
    else
      std::transform(line.begin() + 1, line.end() - 1, out, [](uint16_t v) { return static_cast<uint8_t>(v); });
    std::swap(before, line);
  }
}

}  // namespace

JpegLsFrame read_jpeg_ls(Bytes data) {
  std::optional<JpegLsFrame> frame;
  size_t at = 2;
  while (const auto segment = jpeg::next_segment(data, at, 0x80)) {
    switch (segment->marker) {
      case jpeg::restart_interval: refuse("JPEG-LS data with restart intervals, which are not read");
      case jpeg::end_of_image: refuse("JPEG-LS data without an image");
      case jpeg::jpeg_ls_frame:
        if (frame) refuse("JPEG-LS data is damaged: two frames");
        frame = read_frame(segment->data);
        break;
      case jpeg::jpeg_ls_parameters:
        if (!frame) refuse("JPEG-LS data is damaged: parameters before the frame");
        read_parameters(segment->data, *frame);
        break;
      case jpeg::start_of_scan:
        if (!frame) refuse("JPEG-LS data is damaged: a scan before the frame");
        read_scan_header(segment->data, *frame);
        frame->scan = data.subspan(at);
        return *frame;
      default: break;
    }
  }
  refuse("JPEG-LS data without an image");
}

void decode_jpeg_ls(const JpegLsFrame& frame, std::span<uint8_t> samples) {
  if (samples.size() != static_cast<size_t>(frame.height * frame.width) * (frame.bits <= 8 ? 1 : 2))
    refuse("JPEG-LS data of another size");
  if (frame.near == 0 && (frame.largest & (frame.largest + 1)) == 0)
    decode_scan<true>(frame, samples);
  else
    decode_scan<false>(frame, samples);
}

}  // namespace thorax::data
