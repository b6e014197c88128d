// Writes elements of a DICOM data set, explicit little endian, and the file around them (PS3.5 7.1, PS3.10 7).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "data/dicom.h"
#include "data/dicom_elements.h"

namespace thorax::data {

// The caller keeps the elements in the order of their tags.
class DicomWriter {
 public:
  explicit DicomWriter(size_t expected) { bytes_.reserve(expected); }

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
  void words(Tag tag, std::span<const uint8_t> value) {
    header(tag, "OW");
    u16(0);
    u32(value.size());
    raw(value);
  }
  void bytes(Tag tag, std::span<const uint8_t> value) {
    header(tag, "OB");
    u16(0);
    u32(value.size() + value.size() % 2);
    raw(value);
    if (value.size() % 2 != 0) bytes_.push_back(0);
  }
  // A sequence of one item.
  void sequence(Tag tag, const DicomWriter& only) {
    header(tag, "SQ");
    u16(0);
    u32(8 + only.bytes_.size());
    item(0xE000, only.bytes_.size());
    raw(only.bytes_);
  }
  // A codestream as the one fragment of compressed pixels.
  void fragment(Tag tag, std::span<const uint8_t> codestream) {
    header(tag, "OB");
    u16(0);
    u32(0xFFFFFFFF);
    item(0xE000, 0);  // no offsets
    item(0xE000, codestream.size() + codestream.size() % 2);
    raw(codestream);
    if (codestream.size() % 2 != 0) bytes_.push_back(0);
    item(0xE0DD, 0);
  }
  // What has been written, as a file.
  std::vector<uint8_t> file(Syntax syntax, std::string_view sop_class, std::string_view instance) const {
    DicomWriter meta(256);
    meta.header(0x00020001, "OB");
    meta.u16(0);
    meta.u32(2);
    meta.u16(0x0100);
    meta.text(0x00020002, "UI", sop_class);
    meta.text(0x00020003, "UI", instance);
    meta.text(0x00020010, "UI", uid_of(syntax));
    meta.text(0x00020012, "UI", "2.25.214748364801337733190260735105316240513");  // names thorax as what wrote the file
    meta.text(0x00020013, "SH", "THORAX");
    DicomWriter w(512 + bytes_.size());
    w.bytes_.resize(128);
    w.raw(std::string_view("DICM"));
    w.header(0x00020000, "UL");
    w.u16(4);
    w.u32(meta.bytes_.size());
    w.raw(meta.bytes_);
    w.raw(bytes_);
    return std::move(w.bytes_);
  }

 private:
  void u16(size_t value) {
    bytes_.push_back(static_cast<uint8_t>(value));
    bytes_.push_back(static_cast<uint8_t>(value >> 8));
  }
  void u32(size_t value) {
    u16(value & 0xFFFF);
    u16(value >> 16 & 0xFFFF);
  }
  template <class Bytes>
  void raw(const Bytes& bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void header(Tag tag, std::string_view vr) {
    u16(tag >> 16);
    u16(tag & 0xFFFF);
    raw(vr);
  }
  void item(size_t element, size_t length) {
    u16(0xFFFE);
    u16(element);
    u32(length);
  }

  std::vector<uint8_t> bytes_;
};

}  // namespace thorax::data
