#include "data/dicom_fields.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "data/refuse.h"

namespace thorax::data {

namespace {

struct Name {
  Tag tag;
  const char* name;
};

constexpr std::array<Name, 33> names{{
    {tags::transfer_syntax, "Transfer Syntax UID"},
    {tags::modality, "Modality"},
    {tags::patient_id, "Patient ID"},
    {tags::patient_sex, "Patient's Sex"},
    {tags::patient_age, "Patient's Age"},
    {tags::imager_spacing, "Imager Pixel Spacing"},
    {tags::view_position, "View Position"},
    {tags::study_uid, "Study Instance UID"},
    {tags::samples, "Samples per Pixel"},
    {tags::photometric, "Photometric Interpretation"},
    {tags::frames, "Number of Frames"},
    {tags::rows, "Rows"},
    {tags::columns, "Columns"},
    {tags::pixel_spacing, "Pixel Spacing"},
    {tags::bits_allocated, "Bits Allocated"},
    {tags::bits_stored, "Bits Stored"},
    {tags::high_bit, "High Bit"},
    {tags::pixel_representation, "Pixel Representation"},
    {tags::padding, "Pixel Padding Value"},
    {tags::padding_limit, "Pixel Padding Range Limit"},
    {tags::burned_in, "Burned In Annotation"},
    {tags::window_center, "Window Center"},
    {tags::window_width, "Window Width"},
    {tags::intercept, "Rescale Intercept"},
    {tags::slope, "Rescale Slope"},
    {tags::voi_function, "VOI LUT Function"},
    {tags::modality_lut, "Modality LUT Sequence"},
    {tags::lut_descriptor, "LUT Descriptor"},
    {tags::lut_data, "LUT Data"},
    {tags::voi_lut, "VOI LUT Sequence"},
    {tags::float_pixels, "Float Pixel Data"},
    {tags::double_pixels, "Double Float Pixel Data"},
    {tags::pixel_data, "Pixel Data"},
}};

const char* name_of(Tag tag) {
  for (const Name& n : names) {
    if (n.tag == tag) return n.name;
  }
  return nullptr;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank(" \0", 2);
  const size_t first = text.find_first_not_of(blank);
  return first == std::string_view::npos ? std::string_view() : text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// One of the values that backslashes part.
std::string_view part(std::string_view text, size_t index) {
  for (; index > 0; --index) {
    const size_t end = text.find('\\');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return trimmed(text.substr(0, text.find('\\')));
}

std::string_view text_of(const Element& e) {
  return {reinterpret_cast<const char*>(e.value.data()), e.value.size()};
}

}  // namespace

std::string named(Tag tag) {
  const char* name = name_of(tag);
  return name == nullptr ? tag_text(tag) : str(name, ' ', tag_text(tag));
}

void DicomFields::add(const Element& e) {
  const bool of_lut = e.tag == tags::lut_descriptor || e.tag == tags::lut_data;
  if (e.sequence == 0 ? of_lut || name_of(e.tag) == nullptr : !of_lut || e.item != 0) return;
  if (e.sequence != 0 && e.sequence != tags::modality_lut && e.sequence != tags::voi_lut) return;
  if (!elements_.emplace(std::pair(e.sequence, e.tag), e).second) refuse(named(e.tag), " is there twice");
}

const Element* DicomFields::find(Tag tag, Tag sequence) const {
  const auto it = elements_.find({sequence, tag});
  return it == elements_.end() ? nullptr : &it->second;
}

std::optional<int> DicomFields::number16(Tag tag) const {
  const Element* e = find(tag);
  if (e == nullptr || e->value.empty()) return std::nullopt;
  if (e->value.size() != 2) refuse(named(tag), " has ", e->value.size(), " bytes; one number of 16 bits is expected");
  return read_u16(e->value, 0, e->big_endian);
}

int DicomFields::required16(Tag tag) const {
  const auto value = number16(tag);
  if (!value) refuse(named(tag), " is missing");
  return *value;
}

std::string DicomFields::text(Tag tag) const {
  const Element* e = find(tag);
  return e == nullptr ? std::string() : std::string(part(text_of(*e), 0));
}

std::optional<double> DicomFields::decimal(Tag tag, size_t index) const {
  const Element* e = find(tag);
  if (e == nullptr) return std::nullopt;
  std::string_view text = part(text_of(*e), index);
  if (text.empty()) return std::nullopt;
  if (text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) refuse(named(tag), " is no number");
  return value;
}

}  // namespace thorax::data
