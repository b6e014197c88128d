#include "data/dicom_pixel_data.h"

#include "data/dicom_fields.h"
#include "data/refuse.h"

namespace thorax::data {

namespace {

constexpr Tag item = 0xFFFEE000;
constexpr Tag delimiter = 0xFFFEE0DD;

// The next fragment, and `at` moves behind it. False: the delimiter.
bool next_fragment(std::span<const uint8_t> bytes, size_t& at, std::span<const uint8_t>& fragment) {
  if (bytes.size() - at < 8) refuse("the compressed pixels end after ", bytes.size(), " bytes, before their delimiter");
  const Tag tag = static_cast<Tag>(read_u16(bytes, at, false)) << 16 | read_u16(bytes, at + 2, false);
  const size_t length = read_u32(bytes, at + 4, false);
  at += 8;
  if (tag == delimiter) return false;
  if (tag != item) refuse("the compressed pixels hold ", tag_text(tag), " at byte ", at - 8, " in place of a fragment");
  if (length > bytes.size() - at)
    refuse("a fragment of the compressed pixels says it has ", length, " bytes, where ", bytes.size() - at, " are left");
  fragment = bytes.subspan(at, length);
  at += length;
  return true;
}

}  // namespace

void take_native_pixels(Dicom& dicom, const Element& element) {
  if (element.undefined_length) refuse("Pixel Data has no length, though it is not compressed");
  const size_t needed = dicom.pixel_count() * static_cast<size_t>(dicom.bits_allocated / 8);
  if (element.value.size() != needed + needed % 2 && element.value.size() != needed) {
    refuse("Pixel Data has ", element.value.size(), " bytes; ", dicom.rows, " rows of ", dicom.columns, " pixels of ",
           dicom.bits_allocated, " bits need ", needed);
  }
  // In big endian, bytes in words (OW) are swapped too.
  dicom.pixels_in_words = element.big_endian && (dicom.bits_allocated == 16 || element.vr[1] == 'W');
  if (dicom.pixels_in_words && element.value.size() % 2 != 0) refuse("Pixel Data has half a word");
  dicom.pixels = dicom.pixels_in_words ? element.value : element.value.first(needed);
}

void take_fragments(Dicom& dicom, std::span<const uint8_t> bytes, size_t at) {
  std::span<const uint8_t> fragment;
  if (!next_fragment(bytes, at, fragment)) refuse("Pixel Data is empty");  // the offset table
  size_t fragments = 0;
  while (next_fragment(bytes, at, fragment)) {
    ++fragments;
    if (fragments == 1) {
      dicom.pixels = fragment;
      continue;
    }
    if (fragments == 2) dicom.memory.assign(dicom.pixels.begin(), dicom.pixels.end());
    dicom.memory.insert(dicom.memory.end(), fragment.begin(), fragment.end());
  }
  if (fragments > 1) dicom.pixels = {reinterpret_cast<const uint8_t*>(dicom.memory.data()), dicom.memory.size()};
  if (dicom.pixels.empty()) refuse("Pixel Data is empty");
}

}  // namespace thorax::data
