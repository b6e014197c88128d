#include "data/dicom_canonical.h"

#include <string_view>

#include "data/dicom_fields.h"

namespace thorax::data {

namespace {

// Explicit little endian, as in every file with compressed pixels.
class Writer {
 public:
  explicit Writer(size_t expected) { bytes_.reserve(expected); }

  void u16(size_t value) {
    bytes_.push_back(static_cast<uint8_t>(value));
    bytes_.push_back(static_cast<uint8_t>(value >> 8));
  }
  void u32(size_t value) {
    u16(value & 0xFFFF);
    u16(value >> 16 & 0xFFFF);
  }
  void raw(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void header(Tag tag, std::string_view vr) {
    u16(tag >> 16);
    u16(tag & 0xFFFF);
    raw(vr);
  }
  void number(Tag tag, size_t value) {
    header(tag, "US");
    u16(2);
    u16(value);
  }
  void text(Tag tag, std::string_view vr, std::string_view value) {
    header(tag, vr);
    u16(value.size() + value.size() % 2);
    raw(value);
    if (value.size() % 2 != 0) bytes_.push_back(vr == "UI" ? 0 : ' ');
  }
  void item(size_t element, size_t length) {
    u16(0xFFFE);
    u16(element);
    u32(length);
  }
  std::vector<uint8_t> take() { return std::move(bytes_); }
  std::vector<uint8_t>& bytes() { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

constexpr std::string_view secondary_capture = "1.2.840.10008.5.1.4.1.1.7";
constexpr std::string_view instance = "1.2.3";

}  // namespace

std::vector<uint8_t> canonical_dicom(const Dicom& dicom) {
  constexpr size_t header_bytes = 1024;
  Writer meta(header_bytes);
  meta.header(0x00020001, "OB");
  meta.u16(0);
  meta.u32(2);
  meta.u16(0x0100);
  meta.text(0x00020002, "UI", secondary_capture);
  meta.text(0x00020003, "UI", instance);
  meta.text(tags::transfer_syntax, "UI", uid_of(dicom.syntax));

  const size_t padded = dicom.pixels.size() + dicom.pixels.size() % 2;
  Writer w(header_bytes + padded);
  w.bytes().resize(128);
  w.raw("DICM");
  w.header(0x00020000, "UL");
  w.u16(4);
  w.u32(meta.bytes().size());
  w.bytes().insert(w.bytes().end(), meta.bytes().begin(), meta.bytes().end());
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
  w.header(tags::pixel_data, "OB");
  w.u16(0);
  w.u32(0xFFFFFFFF);
  w.item(0xE000, 0);  // no offsets
  w.item(0xE000, padded);
  w.bytes().insert(w.bytes().end(), dicom.pixels.begin(), dicom.pixels.end());
  w.bytes().resize(w.bytes().size() + padded - dicom.pixels.size());
  w.item(0xE0DD, 0);
  return w.take();
}

}  // namespace thorax::data
