#include <algorithm>
#include <optional>

#include "data/sets/image_index.h"
#include "data/sets/readers.h"

namespace thorax::data {

namespace {

// ['pleural effusion', 'cardiomegaly'] of the column Labels. nullopt: no such list.
std::optional<std::vector<std::string>> read_list(const std::string& cell) {
  const std::string text = trimmed(cell);
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  std::vector<std::string> items;
  for (size_t at = 1; at + 1 < text.size();) {
    const char c = text[at];
    if (c == ',' || c == ' ') {
      ++at;
      continue;
    }
    if (c != '\'' && c != '"') return std::nullopt;
    const size_t end = text.find(c, at + 1);
    if (end == std::string::npos) return std::nullopt;
    const std::string item = lower_case(trimmed(text.substr(at + 1, end - at - 1)));
    if (!item.empty()) items.push_back(item);
    at = end + 1;
  }
  return items;
}

// The most frequent label first, so that the table of classes begins with what matters.
std::vector<std::string> by_frequency(const std::vector<std::optional<std::vector<std::string>>>& lists) {
  std::map<std::string, int64_t> counts;
  for (const auto& list : lists) {
    if (!list) continue;
    for (const std::string& item : *list) ++counts[item];
  }
  std::vector<std::string> names;
  for (const auto& [name, count] : counts) names.push_back(name);
  std::stable_sort(names.begin(), names.end(), [&](const auto& a, const auto& b) { return counts[a] > counts[b]; });
  return names;
}

// PatientBirth is a year (1930.0), StudyDate_DICOM a date (20140915).
float age_of(const CsvRow& row, std::optional<size_t> birth, std::optional<size_t> date) {
  if (!birth || !date || row.cells[*date].size() < 4) return unknown_label;
  const float born = read_age(row.cells[*birth]);
  const float taken = read_age(row.cells[*date].substr(0, 4));
  return taken >= born ? taken - born : unknown_label;
}

}  // namespace

bool is_padchest(const Table& table) {
  return table.has({"ImageID", "Labels", "PatientID", "Projection"});
}

void read_padchest(const Reading& reading) {
  const Table& table = reading.table;
  const size_t image = table.column("ImageID");
  const size_t labels = table.column("Labels");
  const size_t patient = table.column("PatientID");
  const size_t projection = table.column("Projection");
  const auto birth = table.find("PatientBirth");
  const auto date = table.find("StudyDate_DICOM");
  const auto sex = table.find("PatientSex_DICOM");
  std::vector<std::optional<std::vector<std::string>>> lists(table.rows().size());
  for (size_t i = 1; i < lists.size(); ++i) {
    const std::string& cell = table.rows()[i].cells[labels];
    const std::string text = lower_case(trimmed(cell));
    lists[i] = read_list(cell);
    if (!lists[i] && !text.empty() && text != "nan")
      reading.mistakes.add(table.rows()[i].line, "\"Labels\" is ", quoted(cell), "; ['normal', ...] is expected");
  }
  const std::vector<std::string> all = by_frequency(lists);
  const ClassList classes(reading, all, all);
  const ImageIndex index(reading.root);
  for (size_t i = 1; i < table.rows().size(); ++i) {
    const CsvRow& from = table.rows()[i];
    Row row = begin_row(reading, from, image, patient);
    row.file = index.find(row.image);
    row.labels.assign(classes.size(), lists[i] ? 0.0F : unknown_label);
    for (const std::string& item : lists[i].value_or(std::vector<std::string>{})) {
      if (const auto k = classes.of(item)) row.labels[*k] = 1.0F;
    }
    row.age = age_of(from, birth, date);
    if (sex) row.sex = read_sex(from.cells[*sex]);
    const std::string view = trimmed(from.cells[projection]);
    row.view = view == "L" ? "LATERAL" : view;
    reading.manifest.rows.push_back(std::move(row));
  }
  reading.manifest.has_patients = true;
}

}  // namespace thorax::data
