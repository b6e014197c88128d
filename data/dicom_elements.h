// The elements of a DICOM data set, one after the other (PS3.5 7.1, 7.5). Nothing is copied, nothing is allocated, and no length
// is believed before it was compared with the bytes left in the item, the sequence and the file.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace thorax::data {

// (group,element) as one number: 0x00280010 is Rows.
using Tag = uint32_t;
// "(0028,0010)"
std::string tag_text(Tag tag);

struct Encoding {
  bool explicit_vr = true;
  bool big_endian = false;
};

uint16_t read_u16(std::span<const uint8_t> bytes, size_t at, bool big_endian);
uint32_t read_u32(std::span<const uint8_t> bytes, size_t at, bool big_endian);

struct Element {
  Tag tag = 0;
  std::array<char, 2> vr{};        // zeros with an implicit value representation
  std::span<const uint8_t> value;  // empty where the length is undefined
  bool undefined_length = false;
  bool big_endian = false;  // how value is to be read: an element of unknown representation holds little endian (CP-246)
  Tag sequence = 0;         // the outermost sequence that it lies in; 0: none
  int item = 0;             // which item of that sequence, from 0
};

class ElementReader {
 public:
  // bytes: from the first element on; must outlive the reader. enter: sequences of a known length whose elements are wanted; the
  // others are passed over. (What has no length has to be read through.)
  ElementReader(std::span<const uint8_t> bytes, Encoding encoding, std::span<const Tag> enter);

  // False: the data set is over. Items and delimiters are not elements. Throws Error(input): what is wrong, and where.
  // Pixel Data (7FE0,0010) of undefined length is the last element: position() is then where its fragments begin.
  bool next(Element& element);
  size_t position() const { return at_; }

 private:
  struct Level {
    size_t end;      // where it ends, also when that is not known: then the end of what it lies in
    bool undefined;  // ended by a delimiter
    bool item;       // else a sequence
    Encoding encoding;
    Tag tag;
  };

  Level& top() { return levels_[depth_]; }
  void push(const Level& level);
  void close_finished();
  void open_item(uint32_t length);
  bool structure(Tag tag);  // items and delimiters
  void read_header(Element& element, uint32_t& length);
  size_t left() { return top().end - at_; }

  static constexpr size_t deepest = 32;

  std::span<const uint8_t> bytes_;
  std::span<const Tag> enter_;
  std::array<Level, deepest + 1> levels_{};
  size_t depth_ = 0;
  size_t at_ = 0;
  int item_ = -1;
  bool over_ = false;
};

}  // namespace thorax::data
