#include <algorithm>
#include <array>
#include <cmath>

#include "data/sets/readers.h"

namespace thorax::data {

namespace {

constexpr std::array<const char*, 14> findings{"No Finding",       "Enlarged Cardiomediastinum",
                                               "Cardiomegaly",     "Lung Opacity",
                                               "Lung Lesion",      "Edema",
                                               "Consolidation",    "Pneumonia",
                                               "Atelectasis",      "Pneumothorax",
                                               "Pleural Effusion", "Pleural Other",
                                               "Fracture",         "Support Devices"};

std::vector<std::string> findings_of(const Table& table) {
  std::vector<std::string> names;
  for (const char* name : findings) {
    if (table.find(name)) names.emplace_back(name);
  }
  return names;
}

// patient00001 of CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg
std::string patient_of(const std::string& path) {
  for (const auto& part : std::filesystem::path(path)) {
    const std::string name = part.string();
    if (name.rfind("patient", 0) == 0 && name.size() > 7) return name;
  }
  return {};
}

std::string without_first(const std::string& path) {
  const size_t slash = path.find('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// The view: PA, AP, ... of a frontal image, else LATERAL.
std::string view_of(const CsvRow& row, std::optional<size_t> frontal_lateral, std::optional<size_t> projection) {
  if (frontal_lateral && row.cells[*frontal_lateral] == "Lateral") return "LATERAL";
  return projection ? trimmed(row.cells[*projection]) : std::string();
}

}  // namespace

ChexpertLabels::ChexpertLabels(const Reading& reading)
    : reading_(reading), names_(findings_of(reading.table)), classes_(reading, names_, names_) {
  for (const std::string& name : names_) columns_.push_back(reading.table.column(name));
}

std::vector<float> ChexpertLabels::read(const CsvRow& row, const std::string& image) const {
  std::vector<float> all;
  for (size_t i = 0; i < names_.size(); ++i) {
    const std::string& cell = row.cells[columns_[i]];
    const auto label = read_label(cell, reading_.rules, image, names_[i]);
    if (!label)
      reading_.mistakes.add(row.line, quoted(names_[i]), " is ", quoted(cell), "; a label is 0, 1, -1 (uncertain) or empty");
    all.push_back(label.value_or(unknown_label));
  }
  const auto is_empty = [&](size_t i) { return trimmed(row.cells[columns_[i]]).empty(); };
  if (names_[0] == findings[0] && !reading_.rules.empty_is_zero) {
    const auto is_disease = [&](size_t i) { return i > 0 && names_[i] != findings.back(); };
    bool any = false;
    for (size_t i = 0; i < all.size(); ++i) {
      any = any || (is_disease(i) && all[i] == 1.0F);
      if (is_disease(i) && is_empty(i) && all[0] == 1.0F) all[i] = 0.0F;
    }
    if (any && is_empty(0)) all[0] = 0.0F;
  }
  std::vector<float> labels(classes_.size());
  for (size_t i = 0; i < all.size(); ++i) {
    if (const auto k = classes_.of(names_[i])) labels[*k] = all[i];
  }
  return labels;
}

bool is_chexpert(const Table& table) {
  return table.has({"Path", "No Finding", "Enlarged Cardiomediastinum"});
}

void read_chexpert(const Reading& reading) {
  const Table& table = reading.table;
  const ChexpertLabels labels(reading);
  const size_t path = table.column("Path");
  const auto sex = table.find("Sex");
  const auto age = table.find("Age");
  const auto frontal_lateral = table.find("Frontal/Lateral");
  const auto projection = table.find("AP/PA");
  // Paths begin with the folder that the archive makes, which people rename or enter.
  std::error_code error;
  const bool whole = std::filesystem::exists(reading.root / table.rows()[1].cells[path], error);
  for (size_t i = 1; i < table.rows().size(); ++i) {
    const CsvRow& from = table.rows()[i];
    Row row = begin_row(reading, from, path);
    row.file = reading.root / (whole ? row.image : without_first(row.image));
    row.patient = patient_of(row.image);
    if (row.patient.empty() && !row.image.empty())
      reading.mistakes.add(from.line, "no patient in the path ", quoted(row.image), "; .../patient00001/... is expected");
    row.labels = labels.read(from, row.image);
    if (age) row.age = read_age(from.cells[*age]);
    if (sex) row.sex = read_sex(from.cells[*sex]);
    row.view = view_of(from, frontal_lateral, projection);
    reading.manifest.rows.push_back(std::move(row));
  }
  reading.manifest.has_patients = true;
}

}  // namespace thorax::data
