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

DecoderInput decoder_input(const Dicom& dicom) {
  const auto job = [&](Codec codec, uint32_t bytes) { return CodecJob{codec, bytes, dicom.rows, dicom.columns}; };
  if (dicom.syntax == Syntax::rle) return {job(Codec::rle, static_cast<uint32_t>(dicom.bits_allocated / 8)), dicom.pixels};
  const uint32_t coded = dicom.coded.bits <= 8 ? 1 : 2;
  if (dicom.syntax == Syntax::jpeg_ls || dicom.syntax == Syntax::jpeg_ls_near) return {job(Codec::jpeg_ls, coded), dicom.pixels};
  if (!gdcm_codec::available()) refuse("compressed with ", name_of(dicom.syntax), ", for which thorax was built without GDCM");
  DecoderInput input{job(Codec::gdcm, coded), {}, canonical_dicom(dicom)};
  input.bytes = input.canonical;
  return input;
}

void use_stored_samples(const Dicom& dicom, const UseSamples& use) {
  if (!is_encapsulated(dicom.syntax)) return use_native(dicom, use);
  const DecoderInput input = decoder_input(dicom);
  decode_apart(input.job, input.bytes, [&](std::span<const uint8_t> samples) {
    if (8 * input.job.bytes_per_sample < static_cast<uint32_t>(dicom.bits_allocated))
      use(widened(samples, dicom.coded.is_signed));
    else
      use(samples);
  });
}

std::vector<uint8_t> stored_samples(const Dicom& dicom) {
  std::vector<uint8_t> copy;
  use_stored_samples(dicom, [&](std::span<const uint8_t> samples) { copy.assign(samples.begin(), samples.end()); });
  return copy;
}

}  // namespace thorax::data
