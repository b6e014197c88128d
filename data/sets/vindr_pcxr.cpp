#include "data/paper_classes.h"
#include "data/sets/boxes.h"
#include "data/sets/image_index.h"
#include "data/sets/readers.h"

namespace thorax::data {

namespace {

// Of paper_classes(): four from the boxes of an image, six from its labels.
constexpr size_t first_of_boxes = 0;
constexpr size_t behind_boxes = 4;

// annotations_train.csv beside image_labels_train.csv
BoxTable annotations_of(const Reading& reading) {
  std::string name = reading.table.name();
  const size_t at = name.find("image_labels");
  const auto file = at == std::string::npos ? std::nullopt : beside(reading.table, name.replace(at, 12, "annotations"));
  if (!file) {
    throw Error(Fault::input, str(reading.table.name(), ": VinDr-PCXR's labels of images; its boxes are expected beside it"),
                "annotations_train.csv (or _test) holds four of the ten classes; --labels with others does without");
  }
  return read_boxes(*file);
}

// Findings that are columns of the table: all but the image and its reader.
std::vector<std::string> columns_of(const Table& table) {
  std::vector<std::string> names;
  for (const std::string& c : table.columns()) {
    if (!c.empty() && c != "image_id" && lower_case(c) != "rad_id" && c != "split") names.push_back(c);
  }
  return names;
}

bool needs_boxes(const ManifestOptions& options, const Table& table) {
  if (options.labels.empty()) return true;
  for (const std::string& name : options.labels) {
    if (!table.find(name)) return true;
  }
  return false;
}

}  // namespace

// The table names no patients: the manifest has none.
bool is_vindr_pcxr(const Table& table) {
  return table.has({"image_id", "No finding", "Bronchitis", "Brocho-pneumonia"});
}

void read_vindr_pcxr(const Reading& reading) {
  const Table& table = reading.table;
  const std::vector<std::string> of_image = columns_of(table);
  const BoxTable boxes = needs_boxes(reading.options, table) ? annotations_of(reading) : BoxTable{};
  std::vector<std::string> all = of_image;
  for (size_t k = first_of_boxes; k < behind_boxes; ++k) all.push_back(paper_classes()[k]);
  for (const auto& [image, list] : boxes) {
    for (const Box& box : list) all.push_back(box.finding);
  }
  const ClassList classes(reading, all, paper_classes());
  const size_t image = table.column("image_id");
  const ImageIndex index(reading.root);
  for (size_t i = 1; i < table.rows().size(); ++i) {
    const CsvRow& from = table.rows()[i];
    Row row = begin_row(reading, from, image);
    row.file = index.find(row.image);
    row.labels.assign(classes.size(), 0.0F);
    for (const std::string& name : of_image) {
      const std::string& cell = from.cells[table.column(name)];
      const auto label = read_label(cell, reading.rules, row.image, name);
      const auto k = classes.of(name);
      if (!label && k) reading.mistakes.add(from.line, quoted(name), " is ", quoted(cell), "; a label is 0, 1, -1 or empty");
      if (k) row.labels[*k] = label.value_or(unknown_label);
    }
    if (const auto it = boxes.find(row.image); it != boxes.end()) row.boxes = it->second;
    for (const Box& box : row.boxes) {
      if (const auto k = classes.of(box.finding)) row.labels[*k] = 1.0F;
    }
    reading.manifest.rows.push_back(std::move(row));
  }
}

}  // namespace thorax::data
