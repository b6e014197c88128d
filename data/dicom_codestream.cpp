#include "data/dicom_codestream.h"

#include <optional>

#include "data/dicom_rle.h"
#include "data/jpeg_segments.h"
#include "data/refuse.h"

namespace thorax::data {

namespace {

using Bytes = std::span<const uint8_t>;

// SOF: precision, lines, samples a line, components with three bytes each.
Coded check_frame(const Dicom& dicom, Bytes d, const char* name) {
  if (d.size() < 6) refuse(name, " data is damaged: a short frame header");
  const int bits = d[0];
  const int height = d[1] << 8 | d[2];
  const int width = d[3] << 8 | d[4];
  if (d[5] != 1 || d.size() != 9) refuse(name, " data has ", int{d[5]}, " components; one is expected");
  if (height != dicom.rows || width != dicom.columns) {
    refuse(name, " data is ", width, "x", height, ", the header says ", dicom.columns, "x", dicom.rows);
  }
  if (bits < 2 || bits > dicom.bits_allocated)
    refuse(name, " data has ", bits, " bits a sample, ", dicom.bits_allocated, " are allocated");
  return {bits, false};
}

bool is_frame_of(Syntax syntax, uint8_t marker, int bits) {
  switch (syntax) {
    case Syntax::jpeg_baseline: return marker == 0xC0 && bits == 8;
    case Syntax::jpeg_extended: return (marker == 0xC0 && bits == 8) || (marker == 0xC1 && (bits == 8 || bits == 12));
    case Syntax::jpeg_lossless:
    case Syntax::jpeg_lossless_sv1: return marker == 0xC3;
    default: return false;
  }
}

Coded check_jpeg(const Dicom& dicom) {
  const Bytes bytes = dicom.pixels;
  if (bytes.size() < 2 || bytes[0] != 0xFF || bytes[1] != jpeg::start_of_image) refuse("the pixels are no JPEG data");
  std::optional<Coded> coded;
  int scans = 0;
  size_t at = 2;
  while (const auto segment = jpeg::next_segment(bytes, at)) {
    const Bytes d = segment->data;
    if (segment->marker == jpeg::end_of_image) {
      if (!coded || scans != 1) refuse("JPEG data without an image");
      return *coded;
    }
    if (segment->marker == jpeg::huffman_tables && !jpeg::huffman_tables_fit(d))
      refuse("JPEG data is damaged: wrong Huffman tables");
    if (segment->marker == jpeg::start_of_image || segment->marker == jpeg::number_of_lines)
      refuse("JPEG data is damaged: an image within the image");
    if (jpeg::is_frame(segment->marker)) {
      if (coded) refuse("JPEG data is damaged: two frames");
      coded = check_frame(dicom, d, "JPEG");
      if (!is_frame_of(dicom.syntax, segment->marker, coded->bits))
        refuse("the JPEG data is of another kind than the transfer syntax, ", name_of(dicom.syntax));
    }
    if (segment->marker == jpeg::start_of_scan && (!coded || ++scans > 1 || d.size() != 6 || d[0] != 1))
      refuse("JPEG data is damaged: a wrong scan header");
  }
  refuse("JPEG data ends after ", bytes.size(), " bytes, before the image does");
}

// LSE: coding parameters of their own (1); mapping tables (2, 3) and longer sides (4) are for other images.
void check_parameters(Bytes d, const Coded& coded) {
  if (d.size() != 11 || d[0] != 1) refuse("JPEG-LS data has mapping tables or sizes beyond its header");
  const auto number = [&](size_t k) { return d[1 + 2 * k] << 8 | d[2 + 2 * k]; };
  const int largest = number(0);
  if (largest >= 1 << coded.bits) refuse("JPEG-LS data has samples beyond its ", coded.bits, " bits");
  const int t1 = number(1);
  const int t2 = number(2);
  const int t3 = number(3);
  const int top = largest == 0 ? (1 << coded.bits) - 1 : largest;
  const auto in_order = [](int a, int b) { return a == 0 || b == 0 || a <= b; };
  if (t1 > top || t2 > top || t3 > top || !in_order(t1, t2) || !in_order(t2, t3) || !in_order(t1, t3))
    refuse("JPEG-LS data is damaged: wrong thresholds");
}

Coded check_jpeg_ls(const Dicom& dicom) {
  const Bytes bytes = dicom.pixels;
  if (bytes.size() < 2 || bytes[0] != 0xFF || bytes[1] != jpeg::start_of_image) refuse("the pixels are no JPEG-LS data");
  std::optional<Coded> coded;
  int scans = 0;
  size_t at = 2;
  while (const auto segment = jpeg::next_segment(bytes, at, 0x80)) {
    const Bytes d = segment->data;
    if (segment->marker == jpeg::end_of_image) {
      if (!coded || scans != 1) refuse("JPEG-LS data without an image");
      return *coded;
    }
    if (jpeg::is_frame(segment->marker) || segment->marker == jpeg::start_of_image)
      refuse("the pixels are JPEG data, not JPEG-LS as the transfer syntax says");
    if (segment->marker == jpeg::restart_interval) refuse("JPEG-LS data with restart intervals, which are not read");
    if (segment->marker == jpeg::jpeg_ls_frame) {
      if (coded) refuse("JPEG-LS data is damaged: two frames");
      coded = check_frame(dicom, d, "JPEG-LS");
    }
    if (segment->marker == jpeg::jpeg_ls_parameters) {
      if (!coded) refuse("JPEG-LS data is damaged: parameters before the frame");
      check_parameters(d, *coded);
    }
    if (segment->marker != jpeg::start_of_scan) continue;
    // One component without a mapping table; the allowed difference; not interleaved; no point transform.
    if (!coded || ++scans > 1 || d.size() != 6 || d[0] != 1 || d[2] != 0 || d[4] != 0 || d[5] != 0)
      refuse("JPEG-LS data is damaged: a wrong scan header");
    if (d[3] > 0 && dicom.syntax == Syntax::jpeg_ls) refuse("the JPEG-LS data is not lossless, as the transfer syntax says");
    if (d[3] > ((1 << coded->bits) - 1) / 2) refuse("JPEG-LS data is damaged: too large a difference is allowed");
  }
  refuse("JPEG-LS data ends after ", bytes.size(), " bytes, before the image does");
}

}  // namespace

Coded check_codestream(const Dicom& dicom) {
  switch (dicom.syntax) {
    case Syntax::rle: check_rle(dicom.pixels, dicom.bits_allocated / 8); return {dicom.bits_allocated, false};
    case Syntax::jpeg_baseline:
    case Syntax::jpeg_extended:
    case Syntax::jpeg_lossless:
    case Syntax::jpeg_lossless_sv1: return check_jpeg(dicom);
    case Syntax::jpeg_ls:
    case Syntax::jpeg_ls_near: return check_jpeg_ls(dicom);
    case Syntax::jpeg_2000_lossless:
    case Syntax::jpeg_2000: return check_jpeg_2000(dicom);
    default: return {dicom.bits_allocated, false};
  }
}

}  // namespace thorax::data
