#include "data/dicom_samples.h"

#include "data/dicom_canonical.h"
#include "data/gdcm.h"
#include "data/refuse.h"
#include "data/sandbox.h"

namespace thorax::data {

namespace {

// [count] bytes as [count] words, for a codestream that has fewer bits than its file allocates.
std::vector<uint8_t> widened(const std::vector<uint8_t>& bytes, bool is_signed) {
  std::vector<uint8_t> words(2 * bytes.size());
  for (size_t i = 0; i < bytes.size(); ++i) {
    words[2 * i] = bytes[i];
    words[2 * i + 1] = is_signed && bytes[i] >= 0x80 ? 0xFF : 0;
  }
  return words;
}

std::vector<uint8_t> native(const Dicom& dicom) {
  std::vector<uint8_t> samples(dicom.pixels.begin(), dicom.pixels.end());
  if (dicom.pixels_in_words) {
    for (size_t i = 0; i + 1 < samples.size(); i += 2) std::swap(samples[i], samples[i + 1]);
  }
  samples.resize(dicom.pixel_count() * static_cast<size_t>(dicom.bits_allocated / 8));
  return samples;
}

}  // namespace

std::vector<uint8_t> stored_samples(const Dicom& dicom) {
  const auto allocated = static_cast<uint32_t>(dicom.bits_allocated / 8);
  if (!is_encapsulated(dicom.syntax)) return native(dicom);
  if (dicom.syntax == Syntax::rle) return decode_apart({Codec::rle, allocated, dicom.rows, dicom.columns}, dicom.pixels);
  const bool is_jpeg_ls = dicom.syntax == Syntax::jpeg_ls || dicom.syntax == Syntax::jpeg_ls_near;
  if (!is_jpeg_ls && !gdcm_codec::available())
    refuse("compressed with ", name_of(dicom.syntax), ", for which thorax was built without GDCM");
  const uint32_t coded = dicom.coded.bits <= 8 ? 1 : 2;
  std::vector<uint8_t> samples = is_jpeg_ls
                                     ? decode_apart({Codec::jpeg_ls, coded, dicom.rows, dicom.columns}, dicom.pixels)
                                     : decode_apart({Codec::gdcm, coded, dicom.rows, dicom.columns}, canonical_dicom(dicom));
  return coded < allocated ? widened(samples, dicom.coded.is_signed) : samples;
}

}  // namespace thorax::data
