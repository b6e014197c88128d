#include "explain/secondary_capture.h"

#include <algorithm>
#include <array>
#include <map>

#include "data/dicom_fields.h"
#include "data/dicom_writer.h"
#include "tensor/error.h"
#include "tensor/sha256.h"

namespace thorax::explain {

namespace {

using data::DicomWriter;
using data::Tag;

constexpr std::string_view secondary_capture_storage = "1.2.840.10008.5.1.4.1.1.7";
constexpr Tag sop_class = 0x00080016, sop_instance = 0x00080018;

struct Text {
  Tag tag;
  const char* vr;
};

// Attributes of patient and study, in the order of their tags: those that have to be there, empty where they are not known, and
// those that are kept where they are.
constexpr std::array<Text, 10> required{{{0x00080020, "DA"},
                                         {0x00080030, "TM"},
                                         {0x00080050, "SH"},
                                         {0x00080090, "PN"},
                                         {0x00100010, "PN"},
                                         {0x00100020, "LO"},
                                         {0x00100030, "DA"},
                                         {0x00100040, "CS"},
                                         {0x0020000D, "UI"},
                                         {0x00200010, "SH"}}};
constexpr std::array<Text, 4> kept{{{0x00080005, "CS"}, {0x00081030, "LO"}, {0x00101010, "AS"}, {0x00101030, "DS"}}};

// A UID below 2.25 (PS3.5 B.2): 128 bits of a hash as one number.
std::string uid_of(const std::string& what) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(what)));
  const std::string hex = hash.hex().substr(0, 32);
  std::string digits;  // the number's decimal digits, the last first, while hex is divided by ten again and again
  std::vector<int> rest;
  for (const char c : hex) rest.push_back(c <= '9' ? c - '0' : c - 'a' + 10);
  while (std::any_of(rest.begin(), rest.end(), [](int d) { return d != 0; })) {
    int carry = 0;
    for (int& d : rest) {
      const int value = carry * 16 + d;
      d = value / 10;
      carry = value % 10;
    }
    digits += static_cast<char>('0' + carry);
  }
  std::reverse(digits.begin(), digits.end());
  return "2.25." + (digits.empty() ? "0" : digits);
}

class Source {
 public:
  explicit Source(std::span<const uint8_t> file) {
    std::vector<Tag> wanted{sop_class, sop_instance};
    for (const Text& t : required) wanted.push_back(t.tag);
    for (const Text& t : kept) wanted.push_back(t.tag);
    values_ = data::dicom_texts(file, wanted);
  }
  std::string text(Tag tag) const {
    const auto at = values_.find(tag);
    return at == values_.end() ? "" : at->second;
  }
  bool has(Tag tag) const { return values_.count(tag) != 0; }

 private:
  std::map<Tag, std::string> values_;
};

// Writes elements in the order of their tags, those of the source between ours.
class CaptureWriter {
 public:
  CaptureWriter(const Source& source, size_t bytes) : writer_(bytes), source_(source) {
    for (const Text& t : required) texts_.push_back(t);
    for (const Text& t : kept)
      if (source.has(t.tag)) texts_.push_back(t);
    std::sort(texts_.begin(), texts_.end(), [](const Text& a, const Text& b) { return a.tag < b.tag; });
  }
  // What the source has to say before this tag.
  DicomWriter& before(Tag tag) {
    for (; next_ < texts_.size() && texts_[next_].tag < tag; ++next_)
      writer_.text(texts_[next_].tag, texts_[next_].vr, source_.text(texts_[next_].tag));
    return writer_;
  }
  void text(Tag tag, const char* vr, std::string_view value) { before(tag).text(tag, vr, value); }
  void number(Tag tag, size_t value) { before(tag).number(tag, value); }
  const DicomWriter& writer() const { return writer_; }

 private:
  DicomWriter writer_;
  const Source& source_;
  std::vector<Text> texts_;
  size_t next_ = 0;
};

void write_pixels(CaptureWriter& w, const Picture& picture) {
  w.number(data::tags::samples, 3);
  w.text(data::tags::photometric, "CS", "RGB");
  w.number(0x00280006, 0);  // red, green and blue of a pixel side by side
  w.number(data::tags::rows, static_cast<size_t>(picture.height));
  w.number(data::tags::columns, static_cast<size_t>(picture.width));
  w.number(data::tags::bits_allocated, 8);
  w.number(data::tags::bits_stored, 8);
  w.number(data::tags::high_bit, 7);
  w.number(data::tags::pixel_representation, 0);
  w.text(data::tags::burned_in, "CS", "YES");
  w.before(data::tags::pixel_data).bytes(data::tags::pixel_data, picture.rgb);
}

}  // namespace

std::vector<uint8_t> secondary_capture(std::span<const uint8_t> file, Picture picture, const std::string& name, int64_t number,
                                       uint64_t seed) {
  const Source source(file);
  if (source.text(data::tags::study_uid).empty() || source.text(sop_instance).empty() || source.text(sop_class).empty())
    throw Error(Fault::input, "its study or instance has no UID, so that no other image can refer to it");
  // In the middle of the lower edge, whatever else is written in the corners.
  constexpr std::string_view notice = "NOT FOR DIAGNOSIS";
  const int64_t scale = std::max<int64_t>(1, std::min(picture.width, picture.height) / 320);
  const auto width = static_cast<int64_t>(notice.size()) * letter_width * scale;
  draw_text(picture, std::max<int64_t>(0, (picture.width - width) / 2), picture.height - 2 * letter_height * scale, scale,
            notice);

  const std::string key = str(source.text(sop_instance), ' ', seed, ' ');
  const std::string instance = uid_of(str(key, number, ' ', name));
  std::string description = "Heat map: " + name;  // ASCII, at most 64 characters (LO)
  std::replace_if(
      description.begin(), description.end(), [](char c) { return c < ' ' || c > '~' || c == '\\'; }, '?');
  description.resize(std::min<size_t>(description.size(), 64));
  CaptureWriter w(source, 2048 + picture.rgb.size());
  w.text(0x00080008, "CS", "DERIVED\\SECONDARY");
  w.text(sop_class, "UI", secondary_capture_storage);
  w.text(sop_instance, "UI", instance);
  w.text(data::tags::modality, "CS", "OT");
  w.text(0x00080064, "CS", "WSD");  // made by a workstation
  w.text(0x0008103E, "LO", description);
  w.text(0x00082111, "ST", "Class activation map of a neural network over the source image. Research only, not for diagnosis.");
  DicomWriter reference(256);
  reference.text(0x00081150, "UI", source.text(sop_class));
  reference.text(0x00081155, "UI", source.text(sop_instance));
  w.before(0x00082112).sequence(0x00082112, reference);
  w.text(0x00180015, "CS", "CHEST");  // which has no laterality
  w.text(0x00181016, "LO", "thorax");
  w.text(0x00181019, "LO", THORAX_VERSION);
  w.text(0x0020000E, "UI", uid_of(key + "series"));
  w.text(0x00200011, "IS", "9001");  // behind what the study has itself
  w.text(0x00200013, "IS", str(number));
  w.text(0x00200020, "CS", "");
  write_pixels(w, picture);
  return w.writer().file(data::Syntax::explicit_little, secondary_capture_storage, instance);
}

}  // namespace thorax::explain
