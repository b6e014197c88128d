#include "data/dicom_elements.h"

#include <algorithm>
#include <string_view>

#include "data/refuse.h"

namespace thorax::data {

namespace {

constexpr Tag item_tag = 0xFFFEE000;
constexpr Tag item_end = 0xFFFEE00D;
constexpr Tag sequence_end = 0xFFFEE0DD;
constexpr Tag pixel_data = 0x7FE00010;
constexpr uint32_t undefined = 0xFFFFFFFF;

// Value representations with a length of four bytes (PS3.5 table 7.1-1).
bool has_long_length(std::array<char, 2> vr) {
  constexpr std::array<std::string_view, 13> list{"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"};
  return std::find(list.begin(), list.end(), std::string_view(vr.data(), 2)) != list.end();
}

bool is(std::array<char, 2> vr, std::string_view name) {
  return std::string_view(vr.data(), 2) == name;
}

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

}  // namespace

std::string tag_text(Tag tag) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text = "(";
  for (int shift = 28; shift >= 0; shift -= 4) {
    text += digits[tag >> shift & 15U];
    if (shift == 16) text += ',';
  }
  return text + ')';
}

uint16_t read_u16(std::span<const uint8_t> b, size_t at, bool big_endian) {
  const size_t high = big_endian ? at : at + 1;
  const size_t low = big_endian ? at + 1 : at;
  return static_cast<uint16_t>(b[high] << 8 | b[low]);
}

uint32_t read_u32(std::span<const uint8_t> b, size_t at, bool big_endian) {
  const uint32_t first = read_u16(b, at, big_endian);
  const uint32_t second = read_u16(b, at + 2, big_endian);
  return big_endian ? first << 16 | second : second << 16 | first;
}

ElementReader::ElementReader(std::span<const uint8_t> bytes, Encoding encoding, std::span<const Tag> enter)
    : bytes_(bytes), enter_(enter) {
  levels_[0] = {bytes.size(), false, true, encoding, 0};
}

void ElementReader::push(const Level& level) {
  if (depth_ == deepest) refuse("sequences within sequences, more than ", deepest / 2, " deep");
  levels_[++depth_] = level;
}

void ElementReader::close_finished() {
  while (depth_ > 0 && at_ >= top().end) {
    if (top().undefined) refuse("the sequence ", tag_text(top().tag), " has no end");
    --depth_;
  }
}

void ElementReader::open_item(uint32_t length) {
  if (top().item) refuse("an item at byte ", at_ - 8, " that is in no sequence");
  if (length != undefined && length > left()) {
    refuse("an item of ", length, " bytes in ", tag_text(top().tag), ", where ", left(), " bytes are left");
  }
  if (depth_ == 1) ++item_;
  Level item = top();
  item.item = true;
  item.undefined = length == undefined;
  if (length != undefined) item.end = at_ + length;
  push(item);
}

bool ElementReader::structure(Tag tag) {
  if (tag >> 16 != 0xFFFE) return false;
  const uint32_t length = read_u32(bytes_, at_ + 4, top().encoding.big_endian);
  at_ += 8;
  if (tag == item_tag) {
    open_item(length);
  } else if ((tag == item_end && top().item) || (tag == sequence_end && !top().item)) {
    if (depth_ == 0 || !top().undefined) refuse("a delimiter at byte ", at_ - 8, " that ends nothing");
    --depth_;
  } else {
    refuse("the element ", tag_text(tag), " at byte ", at_ - 8, ", where none may be");
  }
  return true;
}

void ElementReader::read_header(Element& e, uint32_t& length) {
  const Encoding encoding = top().encoding;
  e.vr = {};
  e.big_endian = encoding.big_endian;
  if (!encoding.explicit_vr) {
    length = read_u32(bytes_, at_ + 4, encoding.big_endian);
    at_ += 8;
    return;
  }
  e.vr = {static_cast<char>(bytes_[at_ + 4]), static_cast<char>(bytes_[at_ + 5])};
  if (!is_upper(e.vr[0]) || !is_upper(e.vr[1])) refuse("the element ", tag_text(e.tag), " has no value representation");
  if (!has_long_length(e.vr)) {
    length = read_u16(bytes_, at_ + 6, encoding.big_endian);
    at_ += 8;
    return;
  }
  if (left() < 12) refuse("the data ends within the element ", tag_text(e.tag));
  length = read_u32(bytes_, at_ + 8, encoding.big_endian);
  at_ += 12;
}

bool ElementReader::next(Element& e) {
  for (;;) {
    close_finished();
    if (over_ || at_ >= bytes_.size()) return false;
    if (left() < 8) refuse("the data ends within an element, at byte ", bytes_.size());
    const bool big = top().encoding.big_endian;
    e.tag = static_cast<Tag>(read_u16(bytes_, at_, big)) << 16 | read_u16(bytes_, at_ + 2, big);
    if (structure(e.tag)) continue;
    if (!top().item) refuse("the element ", tag_text(e.tag), " in a sequence, but in no item of it");
    e.sequence = depth_ == 0 ? 0 : levels_[1].tag;
    e.item = item_;
    uint32_t length = 0;
    read_header(e, length);
    e.undefined_length = length == undefined;
    if (e.undefined_length && depth_ == 0 && e.tag == pixel_data) {
      e.value = {};
      over_ = true;
      return true;
    }
    if (!e.undefined_length && length > left()) {
      refuse("the element ", tag_text(e.tag), " says it has ", length, " bytes, where ", left(), " are left");
    }
    const bool wanted = std::find(enter_.begin(), enter_.end(), e.tag) != enter_.end() && !is(e.vr, "UN");
    if (!e.undefined_length && !(wanted && depth_ == 0)) {
      e.value = bytes_.subspan(at_, length);
      at_ += length;
      return true;
    }
    Level sequence{e.undefined_length ? top().end : at_ + length, e.undefined_length, false, top().encoding, e.tag};
    if (e.undefined_length && top().encoding.explicit_vr && !is(e.vr, "SQ")) {
      if (!is(e.vr, "UN")) refuse("the element ", tag_text(e.tag), " has no length");
      sequence.encoding = {false, false};  // PS3.5 6.2.2, note 4
    }
    if (depth_ == 0) item_ = -1;
    push(sequence);
  }
}

}  // namespace thorax::data
