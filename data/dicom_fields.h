// The elements of a DICOM header that a radiograph needs, by tag, with their values read and checked.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "data/dicom_elements.h"

namespace thorax::data {

namespace tags {
constexpr Tag transfer_syntax = 0x00020010;
constexpr Tag modality = 0x00080060;
constexpr Tag patient_id = 0x00100020;
constexpr Tag patient_sex = 0x00100040;
constexpr Tag patient_age = 0x00101010;
constexpr Tag imager_spacing = 0x00181164;
constexpr Tag view_position = 0x00185101;
constexpr Tag study_uid = 0x0020000D;
constexpr Tag samples = 0x00280002;
constexpr Tag photometric = 0x00280004;
constexpr Tag frames = 0x00280008;
constexpr Tag rows = 0x00280010;
constexpr Tag columns = 0x00280011;
constexpr Tag pixel_spacing = 0x00280030;
constexpr Tag bits_allocated = 0x00280100;
constexpr Tag bits_stored = 0x00280101;
constexpr Tag high_bit = 0x00280102;
constexpr Tag pixel_representation = 0x00280103;
constexpr Tag padding = 0x00280120;
constexpr Tag padding_limit = 0x00280121;
constexpr Tag burned_in = 0x00280301;
constexpr Tag window_center = 0x00281050;
constexpr Tag window_width = 0x00281051;
constexpr Tag intercept = 0x00281052;
constexpr Tag slope = 0x00281053;
constexpr Tag voi_function = 0x00281056;
constexpr Tag modality_lut = 0x00283000;
constexpr Tag lut_descriptor = 0x00283002;
constexpr Tag lut_data = 0x00283006;
constexpr Tag voi_lut = 0x00283010;
constexpr Tag float_pixels = 0x7FE00008;
constexpr Tag double_pixels = 0x7FE00009;
constexpr Tag pixel_data = 0x7FE00010;
}  // namespace tags

// "Rows (0028,0010)"
std::string named(Tag tag);

class DicomFields {
 public:
  // Keeps the element if it is one of the above: of the data set itself, or of the first item of a lookup table's sequence.
  // Refuses the second of the same tag: programs would differ in which one counts.
  void add(const Element& element);

  // The accessors throw Error(input) that names the element when its value is none of its kind.
  const Element* find(Tag tag, Tag sequence = 0) const;            // nullptr: not there
  std::optional<int> number16(Tag tag) const;                      // US; not there or empty: nothing
  int required16(Tag tag) const;                                   // refuses when it is not there
  std::string text(Tag tag) const;                                 // the first of several values, without spaces around it
  std::optional<double> decimal(Tag tag, size_t index = 0) const;  // DS or IS, one of several values; not there or empty: nothing

 private:
  std::map<std::pair<Tag, Tag>, Element> elements_;  // (sequence, tag)
};

}  // namespace thorax::data
