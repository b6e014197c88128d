#include "data/dicom_samples.h"

#include "data/dicom_canonical.h"
#include "data/gdcm.h"
#include "data/refuse.h"
#include "data/sandbox.h"

namespace thorax::data {

namespace {

// [count] bytes as [count] words, for a codestream that has fewer bits than its file allocates.
std::vector<uint8_t> widened(std::span<const uint8_t> bytes, bool is_signed) {
  std::vector<uint8_t> words(2 * bytes.size());
  for (size_t i = 0; i < bytes.size(); ++i) {
    words[2 * i] = bytes[i];
    words[2 * i + 1] = is_signed && bytes[i] >= 0x80 ? 0xFF : 0;
  }
  return words;
}

void use_native(const Dicom& dicom, const UseSamples& use) {
  const size_t wanted = dicom.pixel_count() * static_cast<size_t>(dicom.bits_allocated / 8);
  if (!dicom.pixels_in_words) return use(dicom.pixels.first(wanted));
  std::vector<uint8_t> samples(dicom.pixels.begin(), dicom.pixels.end());
  for (size_t i = 0; i + 1 < samples.size(); i += 2) std::swap(samples[i], samples[i + 1]);
  use(std::span(samples).first(wanted));
}

}  // namespace

void use_stored_samples(const Dicom& dicom, const UseSamples& use) {
  const auto allocated = static_cast<uint32_t>(dicom.bits_allocated / 8);
  if (!is_encapsulated(dicom.syntax)) return use_native(dicom, use);
  if (dicom.syntax == Syntax::rle) return decode_apart({Codec::rle, allocated, dicom.rows, dicom.columns}, dicom.pixels, use);
  const bool is_jpeg_ls = dicom.syntax == Syntax::jpeg_ls || dicom.syntax == Syntax::jpeg_ls_near;
  if (!is_jpeg_ls && !gdcm_codec::available())
    refuse("compressed with ", name_of(dicom.syntax), ", for which thorax was built without GDCM");
  const uint32_t coded = dicom.coded.bits <= 8 ? 1 : 2;
  const UseSamples use_coded = [&](std::span<const uint8_t> samples) {
    if (coded < allocated)
      use(widened(samples, dicom.coded.is_signed));
    else
      use(samples);
  };
  if (is_jpeg_ls)
    decode_apart({Codec::jpeg_ls, coded, dicom.rows, dicom.columns}, dicom.pixels, use_coded);
  else
    decode_apart({Codec::gdcm, coded, dicom.rows, dicom.columns}, canonical_dicom(dicom), use_coded);
}

std::vector<uint8_t> stored_samples(const Dicom& dicom) {
  std::vector<uint8_t> copy;
  use_stored_samples(dicom, [&](std::span<const uint8_t> samples) { copy.assign(samples.begin(), samples.end()); });
  return copy;
}

}  // namespace thorax::data
