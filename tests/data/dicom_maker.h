// Small DICOM files, element by element, right or wrong as a test wants them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace thorax::test {

class DicomMaker {
 public:
  struct Value {
    std::string vr, bytes;
    bool undefined_length = false;
    long length = -1;  // what the header says, where that is not the truth
  };

  // 4 columns, 3 rows, 16 bits allocated, 12 stored, MONOCHROME2; samples 0, 100, ... 1100.
  explicit DicomMaker(std::string syntax_uid = "1.2.840.10008.1.2.1") : uid_(std::move(syntax_uid)) {
    big_ = uid_ == "1.2.840.10008.1.2.2";
    implicit_ = uid_ == "1.2.840.10008.1.2";
    text(0x00080060, "CS", "DX");
    number(0x00280002, 1);
    text(0x00280004, "CS", "MONOCHROME2");
    number(0x00280010, 3);
    number(0x00280011, 4);
    number(0x00280100, 16);
    number(0x00280101, 12);
    number(0x00280102, 11);
    number(0x00280103, 0);
    std::vector<int> samples;
    for (int i = 0; i < 12; ++i) samples.push_back(100 * i);
    pixels(samples);
  }

  std::string u16(int v) const {
    const char low = static_cast<char>(v);
    const char high = static_cast<char>(v >> 8);
    return big_ ? std::string{high, low} : std::string{low, high};
  }
  std::string u32(uint32_t v) const {
    const std::string high = u16(static_cast<int>(v >> 16));
    const std::string low = u16(static_cast<int>(v & 0xFFFF));
    return big_ ? high + low : low + high;
  }

  DicomMaker& number(uint32_t tag, int value) { return set(tag, {"US", u16(value), false, -1}); }
  DicomMaker& text(uint32_t tag, const std::string& vr, std::string value) {
    if (value.size() % 2 != 0) value += vr == "UI" ? '\0' : ' ';
    return set(tag, {vr, value, false, -1});
  }
  DicomMaker& set(uint32_t tag, const Value& value) {
    values_[tag] = value;
    return *this;
  }
  DicomMaker& drop(uint32_t tag) {
    values_.erase(tag);
    return *this;
  }
  DicomMaker& pixels(const std::vector<int>& samples, int bits = 16) {
    std::string bytes;
    for (int s : samples) bytes += bits == 16 ? u16(s) : std::string(1, static_cast<char>(s));
    return set(0x7FE00010, {"OW", bytes, false, -1});
  }
  // Fragments of compressed pixels, behind an empty offset table.
  DicomMaker& fragments(const std::vector<std::string>& list, bool delimiter = true) {
    std::string bytes = item(0xE000, "");
    for (const std::string& f : list) bytes += item(0xE000, f.size() % 2 == 0 ? f : f + '\0');
    if (delimiter) bytes += item(0xE0DD, "");
    return set(0x7FE00010, {"OB", bytes, true, -1});
  }
  std::string item(int element, const std::string& content) const {
    return u16(0xFFFE) + u16(element) + u32(static_cast<uint32_t>(content.size())) + content;
  }
  // One element as it stands in a data set.
  std::string element(uint32_t tag, const Value& v) const {
    const std::string head = u16(static_cast<int>(tag >> 16)) + u16(static_cast<int>(tag & 0xFFFF));
    const auto length = static_cast<uint32_t>(v.length >= 0 ? static_cast<size_t>(v.length) : v.bytes.size());
    const uint32_t said = v.undefined_length ? 0xFFFFFFFF : length;
    if (implicit_) return head + u32(said) + v.bytes;
    const bool is_long = v.vr == "OB" || v.vr == "OF" || v.vr == "OW" || v.vr == "SQ" || v.vr == "UN";
    return head + v.vr + (is_long ? u16(0) + u32(said) : u16(static_cast<int>(length))) + v.bytes;
  }
  // A lookup table's sequence of one item.
  DicomMaker& lut(uint32_t tag, int first, int bits, const std::vector<int>& entries, const std::string& vr = "US") {
    std::string data;
    for (int e : entries) data += u16(e);
    const std::string content =
        element(0x00283002, {vr, u16(static_cast<int>(entries.size())) + u16(first) + u16(bits), false, -1}) +
        element(0x00283006, {"OW", data, false, -1});
    return set(tag, {"SQ", item(0xE000, content), false, -1});
  }

  std::string meta() const {
    const DicomMaker little{Plain()};
    const std::string content = little.element(0x00020001, {"OB", std::string("\0\1", 2), false, -1}) +
                                little.element(0x00020010, {"UI", uid_ + std::string(uid_.size() % 2, '\0'), false, -1});
    return std::string(128, '\0') + "DICM" +
           little.element(0x00020000, {"UL", little.u32(static_cast<uint32_t>(content.size())), false, -1}) + content;
  }
  std::string data_set() const {
    std::string bytes;
    for (const auto& [tag, value] : values_) bytes += element(tag, value);
    return bytes;
  }
  std::string file() const { return meta() + data_set(); }

 private:
  struct Plain {};
  explicit DicomMaker(Plain /*nothing in it*/) {}

  std::string uid_;
  bool big_ = false;
  bool implicit_ = false;
  std::map<uint32_t, Value> values_;
};

inline std::vector<uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

}  // namespace thorax::test
