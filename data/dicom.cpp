#include "data/dicom.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "data/dicom_codestream.h"
#include "data/dicom_fields.h"
#include "data/dicom_lut.h"
#include "data/dicom_pixel_data.h"
#include "data/inflate.h"
#include "data/limits.h"
#include "data/refuse.h"

namespace thorax::data {

namespace {

constexpr size_t preamble = 128;
constexpr std::array<uint8_t, 4> letters{'D', 'I', 'C', 'M'};

// The file meta information (PS3.10 7.1), group 0002. Its group length is not looked at: it is often wrong, and the group ends
// where the next begins. Returns where that is.
size_t read_meta(std::span<const uint8_t> bytes, Dicom& dicom) {
  const size_t begin = preamble + letters.size();
  const auto rest = bytes.subspan(begin);
  ElementReader reader(rest, {true, false}, {});
  DicomFields fields;
  Element element;
  while (rest.size() - reader.position() >= 2 && read_u16(rest, reader.position(), false) == 2 && reader.next(element))
    fields.add(element);
  if (fields.find(tags::transfer_syntax) == nullptr) refuse(named(tags::transfer_syntax), " is missing");
  const auto syntax = syntax_of(fields.text(tags::transfer_syntax));
  if (!syntax) refuse("its transfer syntax is none of the thirteen that are read");
  dicom.syntax = *syntax;
  return begin + reader.position();
}

// What stands behind the meta information; inflated into dicom.memory where it has to be.
std::span<const uint8_t> data_set_of(std::span<const uint8_t> bytes, Dicom& dicom) {
  const size_t begin = read_meta(bytes, dicom);
  if (dicom.syntax != Syntax::deflated) return bytes.subspan(begin);
  dicom.memory = inflate({reinterpret_cast<const char*>(bytes.data()) + begin, bytes.size() - begin}, Deflated::raw,
                         most_inflated, "its deflated data set");
  return {reinterpret_cast<const uint8_t*>(dicom.memory.data()), dicom.memory.size()};
}

Encoding encoding_of(Syntax syntax) {
  return {syntax != Syntax::implicit_little, syntax == Syntax::explicit_big};
}

void read_shape(Dicom& dicom, const DicomFields& fields) {
  for (Tag tag : {tags::float_pixels, tags::double_pixels}) {
    if (fields.find(tag) != nullptr) refuse("its pixels are floating-point numbers, ", named(tag));
  }
  const std::string photometric = fields.text(tags::photometric);
  const int samples = fields.number16(tags::samples).value_or(1);
  if (photometric == "PALETTE COLOR") refuse("a colour palette; only MONOCHROME1 and MONOCHROME2 are read");
  if (photometric == "RGB" || photometric.rfind("YBR_", 0) == 0 || samples != 1)
    refuse("a colour image; only MONOCHROME1 and MONOCHROME2 are read");
  if (photometric.empty()) refuse(named(tags::photometric), " is missing");
  if (photometric != "MONOCHROME1" && photometric != "MONOCHROME2")
    refuse(named(tags::photometric), " is neither MONOCHROME1 nor MONOCHROME2");
  dicom.inverted = photometric == "MONOCHROME1";
  const double frames = fields.decimal(tags::frames).value_or(1);
  if (frames > 1) refuse("several frames, ", frames, "; one is expected");
  dicom.rows = fields.required16(tags::rows);
  dicom.columns = fields.required16(tags::columns);
  if (dicom.rows < 1 || dicom.columns < 1) refuse("no pixels: ", dicom.columns, "x", dicom.rows);
  check_size(dicom.columns, dicom.rows);
}

void read_bits(Dicom& dicom, const DicomFields& fields) {
  dicom.bits_allocated = fields.required16(tags::bits_allocated);
  if (dicom.bits_allocated != 8 && dicom.bits_allocated != 16)
    refuse(dicom.bits_allocated, " bits allocated for a pixel; 8 or 16 are expected");
  dicom.bits_stored = fields.required16(tags::bits_stored);
  if (dicom.bits_stored < 1 || dicom.bits_stored > dicom.bits_allocated)
    refuse(dicom.bits_stored, " bits stored for a pixel, where ", dicom.bits_allocated, " are allocated");
  dicom.high_bit = fields.number16(tags::high_bit).value_or(dicom.bits_stored - 1);
  if (dicom.high_bit < dicom.bits_stored - 1 || dicom.high_bit >= dicom.bits_allocated)
    refuse("the high bit of a pixel is ", dicom.high_bit, ", with ", dicom.bits_stored, " of ", dicom.bits_allocated,
           " bits stored");
  const int representation = fields.number16(tags::pixel_representation).value_or(0);
  if (representation > 1) refuse(named(tags::pixel_representation), " is ", representation, "; 0 or 1 is expected");
  dicom.is_signed = representation == 1;
}

WindowFunction window_function(const DicomFields& fields) {
  const std::string text = fields.text(tags::voi_function);
  if (text.empty() || text == "LINEAR") return WindowFunction::linear;
  if (text == "LINEAR_EXACT") return WindowFunction::linear_exact;
  if (text == "SIGMOID") return WindowFunction::sigmoid;
  refuse(named(tags::voi_function), " is none of LINEAR, LINEAR_EXACT and SIGMOID");
}

// A window without a width counts as none.
std::optional<Window> read_window(const DicomFields& fields) {
  const auto center = fields.decimal(tags::window_center);
  const auto width = fields.decimal(tags::window_width);
  if (!center || !width) return std::nullopt;
  const Window window{*center, *width, window_function(fields)};
  const bool wide = window.function == WindowFunction::linear ? *width >= 1 : *width > 0;
  return wide ? std::optional(window) : std::nullopt;
}

void read_grey_scale(Dicom& dicom, const DicomFields& fields) {
  dicom.slope = fields.decimal(tags::slope).value_or(1);
  dicom.intercept = fields.decimal(tags::intercept).value_or(0);
  if (dicom.slope == 0) refuse(named(tags::slope), " is 0");
  dicom.modality_lut = read_lut(fields, tags::modality_lut, dicom.is_signed);
  const bool negative = !dicom.modality_lut && (dicom.is_signed || dicom.intercept < 0 || dicom.slope < 0);
  dicom.voi_lut = read_lut(fields, tags::voi_lut, negative);
  dicom.window = read_window(fields);
  const auto value = [&](int stored) { return dicom.is_signed ? static_cast<int16_t>(stored) : stored; };
  if (const auto padding = fields.number16(tags::padding)) {
    const int from = value(*padding);
    const int to = value(fields.number16(tags::padding_limit).value_or(*padding));
    dicom.padding = std::minmax(from, to);
  }
}

// Age String: digits and D, W, M or Y; some write years alone.
std::optional<double> age_of(const std::string& text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits < 1 || digits > 3 || text.size() > digits + 1) return std::nullopt;
  const double number = std::stoi(text.substr(0, digits));
  constexpr double days_a_year = 365.25;
  switch (text.size() == digits ? 'Y' : text[digits]) {
    case 'D': return number / days_a_year;
    case 'W': return number * 7 / days_a_year;
    case 'M': return number / 12;
    case 'Y': return number;
    default: return std::nullopt;
  }
}

void read_person(Dicom& dicom, const DicomFields& fields) {
  dicom.modality = fields.text(tags::modality);
  dicom.burned_in = fields.text(tags::burned_in) == "YES";
  dicom.person = {fields.text(tags::patient_id), fields.text(tags::study_uid), fields.text(tags::patient_sex),
                  age_of(fields.text(tags::patient_age)), fields.text(tags::view_position)};
  for (Tag tag : {tags::pixel_spacing, tags::imager_spacing}) {
    const auto between_rows = fields.decimal(tag, 0);
    const auto between_columns = fields.decimal(tag, 1);
    if (!dicom.spacing_mm && between_rows && between_columns && *between_rows > 0 && *between_columns > 0)
      dicom.spacing_mm = {*between_rows, *between_columns};
  }
}

}  // namespace

bool is_dicom(std::span<const uint8_t> bytes) {
  return bytes.size() >= preamble + letters.size() && std::equal(letters.begin(), letters.end(), bytes.begin() + preamble);
}

Dicom read_dicom(std::span<const uint8_t> bytes, Look look) {
  Dicom dicom;
  bytes = data_set_of(bytes, dicom);
  constexpr std::array<Tag, 2> tables{tags::modality_lut, tags::voi_lut};
  ElementReader reader(bytes, encoding_of(dicom.syntax), tables);
  DicomFields fields;
  Element element;
  bool found = false;
  while (!found && reader.next(element)) {
    fields.add(element);
    found = element.tag == tags::pixel_data && element.sequence == 0;
  }
  read_shape(dicom, fields);
  read_bits(dicom, fields);
  read_grey_scale(dicom, fields);
  read_person(dicom, fields);
  if (!found) refuse("no image: ", named(tags::pixel_data), " is missing");
  if (is_encapsulated(dicom.syntax)) {
    if (!element.undefined_length)
      refuse("Pixel Data is not in fragments, though the transfer syntax is ", name_of(dicom.syntax));
    take_fragments(dicom, bytes, reader.position());
    if (look == Look::whole) dicom.coded = check_codestream(dicom);
  } else {
    take_native_pixels(dicom, element);
  }
  return dicom;
}

std::map<uint32_t, std::string> dicom_texts(std::span<const uint8_t> bytes, std::span<const uint32_t> wanted) {
  if (!is_dicom(bytes)) refuse("no DICOM file");
  Dicom dicom;
  bytes = data_set_of(bytes, dicom);
  ElementReader reader(bytes, encoding_of(dicom.syntax), {});
  std::map<uint32_t, std::string> texts;
  Element element;
  while (reader.next(element) && element.tag != tags::pixel_data) {
    if (element.sequence != 0 || std::find(wanted.begin(), wanted.end(), element.tag) == wanted.end()) continue;
    std::string text(element.value.begin(), element.value.end());
    constexpr std::string_view blank(" \0", 2);
    text.erase(std::min(text.find_last_not_of(blank) + 1, text.size()));
    if (text.size() > 1024) refuse(tag_text(element.tag), " is longer than any text there may be");
    texts.emplace(element.tag, std::move(text));
  }
  return texts;
}

}  // namespace thorax::data
