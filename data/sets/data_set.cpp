#include "data/sets/data_set.h"

#include <algorithm>
#include <charconv>

#include "data/sets/readers.h"

namespace thorax::data {

const std::vector<DataSet>& data_sets() {
  // Of two that recognise a table the first reads it.
  static const std::vector<DataSet> list{
      {"CheXpert", is_chexpert, read_chexpert, true},     {"MIMIC-CXR-JPG", is_mimic, read_mimic, true},
      {"NIH ChestX-ray14", is_nih, read_nih, false},      {"VinDr-PCXR", is_vindr_pcxr, read_vindr_pcxr, false},
      {"VinDr-CXR", is_vindr_cxr, read_vindr_cxr, false}, {"VinDr-CXR (boxes)", is_vindr_boxes, read_vindr_boxes, false},
      {"RSNA Pneumonia", is_rsna, read_rsna, false},      {"PadChest", is_padchest, read_padchest, false},
  };
  return list;
}

std::optional<std::filesystem::path> beside(const Table& table, const std::string& name) {
  const std::filesystem::path folder = table.file().parent_path();
  std::error_code error;
  for (const char* ending : {"", ".gz"}) {
    std::filesystem::path file = folder / (name + ending);
    if (std::filesystem::exists(file, error)) return file;
  }
  return std::nullopt;
}

std::optional<Split> read_split(const std::string& cell) {
  const std::string text = lower_case(trimmed(cell));
  if (text == "train" || text == "training") return Split::train;
  if (text == "val" || text == "valid" || text == "validate" || text == "validation" || text == "dev") return Split::val;
  if (text == "test" || text == "testing") return Split::test;
  return std::nullopt;
}

float read_age(const std::string& cell) {
  std::string text = lower_case(trimmed(cell));
  double unit = 1;
  if (!text.empty() && text.back() > '9') {
    switch (text.back()) {
      case 'y': break;
      case 'm': unit = 12; break;
      case 'w': unit = 365.25 / 7; break;
      case 'd': unit = 365.25; break;
      default: return unknown_label;
    }
    text.pop_back();
  }
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || !(value >= 0 && value < 1e4)) return unknown_label;
  return static_cast<float>(value / unit);
}

char read_sex(const std::string& cell) {
  const std::string text = lower_case(trimmed(cell));
  if (text == "f" || text == "female") return 'F';
  if (text == "m" || text == "male") return 'M';
  return '?';
}

Split split_of_row(const Reading& reading, const CsvRow& row) {
  const std::string& wanted = reading.options.split_column;
  const auto column = wanted.empty() ? reading.table.find("split") : reading.table.column(wanted);
  if (!column) return reading.part;
  const auto split = read_split(row.cells[*column]);
  if (!split) reading.mistakes.add(row.line, "the split is ", quoted(row.cells[*column]), "; train, val or test is expected");
  return split.value_or(Split::none);
}

Row begin_row(const Reading& reading, const CsvRow& from, size_t image, std::optional<size_t> patient) {
  Row row;
  row.line = from.line;
  row.image = from.cells[image];
  row.patient = from.cells[patient.value_or(image)];
  if (patient && row.patient.empty()) reading.mistakes.add(from.line, "the patient is empty");
  row.split = split_of_row(reading, from);
  return row;
}

ClassList::ClassList(const Reading& reading, std::vector<std::string> all, const std::vector<std::string>& usual) {
  const std::vector<std::string>& wanted = reading.options.labels.empty() ? usual : reading.options.labels;
  for (std::string& name : all) places_.emplace(std::move(name), std::nullopt);
  count_ = wanted.size();
  for (size_t k = 0; k < wanted.size(); ++k) {
    const auto it = places_.find(wanted[k]);
    if (it == places_.end()) {
      std::vector<std::string> names;
      for (const auto& [name, place] : places_) names.push_back(name);
      throw Error(Fault::input, str(reading.table.name(), ": no class is named ", quoted(wanted[k])),
                  "the classes are: " + listed(names));
    }
    if (it->second)
      throw Error(Fault::input, str(reading.table.name(), ": the label ", quoted(wanted[k]), " is asked for twice"));
    it->second = k;
  }
  reading.manifest.classes = wanted;
}

std::optional<size_t> ClassList::of(const std::string& finding) const {
  const auto it = places_.find(finding);
  return it == places_.end() ? std::nullopt : it->second;
}

bool ClassList::known(const std::string& finding) const {
  return places_.count(finding) != 0;
}

float read_number(const Table& table, const CsvRow& row, size_t column, Mistakes& mistakes) {
  const std::string text = trimmed(row.cells[column]);
  float value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec == std::errc() && result.ptr == text.data() + text.size() && value > -1e9F && value < 1e9F) return value;
  mistakes.add(row.line, quoted(table.columns()[column]), " is ", quoted(row.cells[column]), "; a number is expected");
  return 0;
}

}  // namespace thorax::data
