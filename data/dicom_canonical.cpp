#include "data/dicom_canonical.h"

#include "data/dicom_fields.h"
#include "data/dicom_writer.h"

namespace thorax::data {

std::vector<uint8_t> canonical_dicom(const Dicom& dicom) {
  constexpr std::string_view secondary_capture = "1.2.840.10008.5.1.4.1.1.7";
  constexpr std::string_view instance = "1.2.3";
  DicomWriter w(512 + dicom.pixels.size());
  w.text(0x00080016, "UI", secondary_capture);
  w.text(0x00080018, "UI", instance);
  const auto bits = static_cast<size_t>(dicom.coded.bits);
  w.number(tags::samples, 1);
  w.text(tags::photometric, "CS", "MONOCHROME2");
  w.number(tags::rows, static_cast<size_t>(dicom.rows));
  w.number(tags::columns, static_cast<size_t>(dicom.columns));
  w.number(tags::bits_allocated, bits <= 8 ? 8 : 16);
  w.number(tags::bits_stored, bits);
  w.number(tags::high_bit, bits - 1);
  w.number(tags::pixel_representation, dicom.coded.is_signed ? 1 : 0);
  w.fragment(tags::pixel_data, dicom.pixels);
  return w.file(dicom.syntax, secondary_capture, instance);
}

}  // namespace thorax::data
