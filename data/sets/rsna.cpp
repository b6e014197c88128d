#include <algorithm>
#include <unordered_map>

#include "data/sets/boxes.h"
#include "data/sets/image_index.h"
#include "data/sets/readers.h"

namespace thorax::data {

namespace {

constexpr const char* opacity = "Lung Opacity";
const std::vector<std::string> detailed{"Normal", "No Lung Opacity / Not Normal", opacity};

// stage_2_detailed_class_info.csv: one of three classes per image, repeated for each of its boxes.
std::unordered_map<std::string, std::string> read_details(const std::filesystem::path& file) {
  Mistakes mistakes(file.filename().string());
  const Table table(file, mistakes);
  const size_t image = table.column("patientId");
  const size_t name = table.column("class");
  std::unordered_map<std::string, std::string> classes;
  for (size_t i = 1; i < table.rows().size(); ++i) {
    const CsvRow& row = table.rows()[i];
    if (std::find(detailed.begin(), detailed.end(), row.cells[name]) == detailed.end())
      mistakes.add(row.line, "the class is ", quoted(row.cells[name]),
                   "; Normal, No Lung Opacity / Not Normal or Lung Opacity is expected");
    classes[row.cells[image]] = row.cells[name];
  }
  mistakes.throw_if_any();
  return classes;
}

}  // namespace

bool is_rsna(const Table& table) {
  return table.has({"patientId", "x", "y", "width", "height", "Target"});
}

// stage_2_train_labels.csv: a row per box, one without a box where Target is 0.
void read_rsna(const Reading& reading) {
  const Table& table = reading.table;
  std::unordered_map<std::string, std::string> details;
  if (const auto file = beside(table, "stage_2_detailed_class_info.csv")) details = read_details(*file);
  const std::vector<std::string> all = details.empty() ? std::vector<std::string>{opacity} : detailed;
  const ClassList classes(reading, all, all);
  const size_t image = table.column("patientId");
  const size_t target = table.column("Target");
  const BoxColumns columns(table);
  const ImageIndex index(reading.root);
  std::unordered_map<std::string, size_t> places;
  std::vector<Row>& rows = reading.manifest.rows;
  for (size_t i = 1; i < table.rows().size(); ++i) {
    const CsvRow& from = table.rows()[i];
    const auto label = read_label(from.cells[target], {}, {}, {});
    if (label != 0.0F && label != 1.0F)
      reading.mistakes.add(from.line, "\"Target\" is ", quoted(from.cells[target]), "; 0 or 1 is expected");
    const auto [place, fresh] = places.emplace(from.cells[image], rows.size());
    if (fresh) {
      Row row = begin_row(reading, from, image);
      row.file = index.find(row.image);
      row.labels.assign(classes.size(), 0.0F);
      if (const auto it = details.find(row.image); it != details.end()) {
        if (const auto k = classes.of(it->second)) row.labels[*k] = 1.0F;
      } else if (!details.empty()) {
        reading.mistakes.add(from.line, "the image has no class in stage_2_detailed_class_info.csv");
      }
      rows.push_back(std::move(row));
    }
    Row& row = rows[place->second];
    if (const auto k = classes.of(opacity); k && label == 1.0F) row.labels[*k] = 1.0F;
    if (auto box = columns.read(from, reading.mistakes)) row.boxes.push_back(std::move(*box));
  }
  // Each radiograph has a "patientId" of its own, also of the same child or adult (the images are NIH's).
  reading.manifest.notes.emplace_back("\"patientId\" names an image; which images are of one patient is not known");
}

}  // namespace thorax::data
