#include "apps/inspect_image.h"

#include <algorithm>

#include "apps/console.h"
#include "apps/printable.h"
#include "data/container.h"
#include "data/dicom_describe.h"
#include "data/dicom_grey.h"
#include "data/dicom_samples.h"
#include "data/image.h"
#include "data/sha256.h"
#include "data/source.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace thorax {

namespace {

// Both forms of the answer, fact by fact.
class Facts {
 public:
  explicit Facts(bool json) : json_(json) {}

  void text(const std::string& key, const std::string& value) {
    add(key, value.empty() ? "not given" : printable(value), json_quote(printable(value)));
  }
  void number(const std::string& key, int64_t value) { add(key, with_commas(value), std::to_string(value)); }
  // What stands in one line for a person, and in several keys for a program.
  void line(const std::string& key, const std::string& value) {
    if (!json_) add(key, printable(value), "");
  }
  void value(const std::string& key, const std::string& json) {
    if (json_) add(key, "", json);
  }
  std::string take() { return json_ ? '{' + text_ + '}' : text_; }

 private:
  void add(const std::string& key, const std::string& person, const std::string& program) {
    if (json_)
      text_ += (text_.empty() ? "" : ",") + json_quote(key) + ':' + program;
    else
      text_ += key + std::string(key.size() < 10 ? 10 - key.size() : 1, ' ') + person + '\n';
  }

  bool json_;
  std::string text_;
};

std::string number_or_null(const std::optional<double>& x) {
  return x ? str(*x) : "null";
}

std::pair<int32_t, int32_t> stored_range(const data::Dicom& d, const std::vector<uint8_t>& samples) {
  std::pair<int32_t, int32_t> range{INT32_MAX, INT32_MIN};
  const size_t width = static_cast<size_t>(d.bits_allocated) / 8;
  for (size_t i = 0; i < samples.size(); i += width) {
    const auto sample = static_cast<uint16_t>(samples[i] | (width == 2 ? samples[i + 1] << 8 : 0));
    const int32_t value = data::stored_value(d, sample);
    range = {std::min(range.first, value), std::max(range.second, value)};
  }
  return range;
}

void add_header(Facts& facts, const data::Dicom& d) {
  facts.line("format", str("DICOM, ", data::name_of(d.syntax), " (", data::uid_of(d.syntax), ')'));
  facts.line("image", str(d.columns, 'x', d.rows, ", ", d.inverted ? "MONOCHROME1" : "MONOCHROME2", ", ", d.bits_stored, " of ",
                          d.bits_allocated, " bits, ", d.is_signed ? "signed" : "unsigned"));
  facts.value("format", "\"DICOM\"");
  facts.value("transfer_syntax", json_quote(data::uid_of(d.syntax)));
  facts.value("width", str(d.columns));
  facts.value("height", str(d.rows));
  facts.value("photometric", d.inverted ? "\"MONOCHROME1\"" : "\"MONOCHROME2\"");
  facts.value("bits_allocated", str(d.bits_allocated));
  facts.value("bits_stored", str(d.bits_stored));
  facts.value("signed", d.is_signed ? "true" : "false");
  facts.text("modality", d.modality);
  facts.text("view", d.person.view);
  facts.line("patient", str("sex ", d.person.sex.empty() ? "not given" : d.person.sex, ", age ",
                            d.person.age_years ? str(*d.person.age_years, " years") : "not given", ", ID ",
                            d.person.patient.empty() ? "not given" : "given (not shown)"));
  facts.value("sex", json_quote(printable(d.person.sex)));
  facts.value("age_years", number_or_null(d.person.age_years));
  facts.value("patient_id_given", d.person.patient.empty() ? "false" : "true");
  facts.line("spacing", d.spacing_mm ? str(d.spacing_mm->first, " x ", d.spacing_mm->second, " mm") : "not given");
  facts.value("spacing_mm", d.spacing_mm ? str('[', d.spacing_mm->first, ',', d.spacing_mm->second, ']') : "null");
}

data::Image add_dicom(Facts& facts, const std::vector<uint8_t>& bytes) {
  const data::Dicom d = data::read_dicom(bytes);
  add_header(facts, d);
  const std::vector<uint8_t> samples = data::stored_samples(d);
  const auto [low, high] = stored_range(d, samples);
  facts.line("stored", str(low, "...", high));
  facts.value("minimum", str(low));
  facts.value("maximum", str(high));
  facts.text("pixels", data::grey_road(d));
  facts.text("sha256", data::sha256(samples));
  if (d.burned_in) facts.line("warning", "it says that text is burned into the image");
  facts.value("burned_in", d.burned_in ? "true" : "false");
  const std::string warning = data::modality_warning(d);
  if (!warning.empty()) facts.line("warning", warning);
  return {d.rows, d.columns, data::grey_of(d, samples)};
}

data::Image add_picture(Facts& facts, const std::filesystem::path& path, data::Format format) {
  data::Image image = data::decode_image(path);
  facts.text("format", format == data::Format::png ? "PNG" : "JPEG");
  facts.line("image", str(image.width, 'x', image.height));
  facts.value("width", str(image.width));
  facts.value("height", str(image.height));
  facts.text("pixels", "grey, 8 bits");
  facts.text("sha256", data::sha256(image.grey));
  return image;
}

}  // namespace

bool is_image_file(const std::filesystem::path& path) {
  try {
    data::Source source(path);
    const std::vector<uint8_t> head = source.read(0, std::min<size_t>(source.size(), 256));
    return data::is_dicom(head) || data::format_of(head) != data::Format::other;
  } catch (const Error&) {
    return false;
  }
}

std::string describe_image(const std::filesystem::path& path, bool json, const std::filesystem::path& preview) {
  if (!preview.empty() && path_exists(preview))
    throw Error(Fault::input, str(preview.string(), ": exists already"), "another name for --preview");
  try {
    data::Source source(path);
    const std::vector<uint8_t> bytes = source.read_all();
    Facts facts(json);
    facts.text("file", path.string());
    facts.number("bytes", static_cast<int64_t>(bytes.size()));
    const data::Image image = data::is_dicom(bytes) ? add_dicom(facts, bytes) : add_picture(facts, path, data::format_of(bytes));
    if (!preview.empty()) data::write_png(preview, image);
    return facts.take();
  } catch (const Error& e) {
    const std::string name = path.string() + ": ";
    const std::string what = e.what();
    if (e.fault() != Fault::input || what.rfind(name, 0) == 0) throw;
    throw Error(e.fault(), name + what, e.hint());
  }
}

}  // namespace thorax
