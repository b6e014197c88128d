#include <algorithm>
#include <unordered_map>

#include "data/sets/boxes.h"
#include "data/sets/image_index.h"
#include "data/sets/readers.h"

namespace thorax::data {

namespace {

constexpr const char* no_finding = "No finding";

// What the readers of one image said.
struct Readings {
  int64_t line = 0;
  Split split = Split::none;
  std::map<std::string, std::set<std::string>> findings;  // of each reader
  std::vector<Box> boxes;
};

// In the order of the table.
class Images {
 public:
  Readings& at(const std::string& image, const CsvRow& row, Split split) {
    const auto [it, fresh] = places_.emplace(image, all_.size());
    if (fresh) all_.emplace_back(image, Readings{row.line, split, {}, {}});
    return all_[it->second].second;
  }
  const std::vector<std::pair<std::string, Readings>>& all() const { return all_; }

 private:
  std::unordered_map<std::string, size_t> places_;
  std::vector<std::pair<std::string, Readings>> all_;
};

// A finding is there when any reader, or more than half of them, saw it. Nothing was found only where "any" finds nothing: when
// all readers say so.
float label_of(const Readings& image, const std::string& finding, Readers rule) {
  size_t votes = 0;
  for (const auto& [reader, found] : image.findings) votes += found.count(finding);
  const size_t readers = image.findings.size();
  if (rule == Readers::majority) return 2 * votes > readers ? 1.0F : 0.0F;
  return (finding == no_finding ? votes == readers : votes > 0) ? 1.0F : 0.0F;
}

void add_rows(const Reading& reading, const Images& images, const std::vector<std::string>& all_classes) {
  const ClassList classes(reading, all_classes, all_classes);
  const ImageIndex index(reading.root);
  for (const auto& [image, readings] : images.all()) {
    Row row;
    row.line = readings.line;
    row.image = row.patient = image;
    row.file = index.find(image);
    row.split = readings.split;
    for (const std::string& name : reading.manifest.classes)
      row.labels.push_back(label_of(readings, name, reading.options.readers));
    row.boxes = readings.boxes;
    reading.manifest.rows.push_back(std::move(row));
  }
}

std::string reader_of(const Table& table, const CsvRow& row) {
  const auto column = table.find("rad_id") ? table.find("rad_id") : table.find("rad_ID");
  return column ? row.cells[*column] : std::string("consensus");
}

}  // namespace

bool is_vindr_cxr(const Table& table) {
  return table.has({"image_id", no_finding, "Aortic enlargement"});
}

// image_labels_train.csv: a row per image and reader, a column per finding; in image_labels_test.csv the readers agreed.
void read_vindr_cxr(const Reading& reading) {
  const Table& table = reading.table;
  std::vector<std::string> findings;
  for (const std::string& c : table.columns()) {
    if (!c.empty() && c != "image_id" && lower_case(c) != "rad_id" && c != "split") findings.push_back(c);
  }
  const size_t image = table.column("image_id");
  Images images;
  for (size_t i = 1; i < table.rows().size(); ++i) {
    const CsvRow& row = table.rows()[i];
    const auto [it, fresh] = images.at(row.cells[image], row, split_of_row(reading, row))
                                 .findings.emplace(reader_of(table, row), std::set<std::string>{});
    if (!fresh) reading.mistakes.add(row.line, "the same image by the same reader again");
    for (const std::string& name : findings) {
      const std::string& cell = row.cells[table.column(name)];
      const auto label = read_label(cell, {}, {}, {});
      if (label == 1.0F) it->second.insert(name);
      if (label != 1.0F && label != 0.0F)
        reading.mistakes.add(row.line, quoted(name), " is ", quoted(cell), "; 0 or 1 is expected");
    }
  }
  add_rows(reading, images, findings);
}

bool is_vindr_boxes(const Table& table) {
  return table.has({"image_id", "class_name", "class_id", "rad_id", "x_min", "y_min", "x_max", "y_max"});
}

// train.csv of the Kaggle competition: a row per box; "No finding" has an empty one.
void read_vindr_boxes(const Reading& reading) {
  const Table& table = reading.table;
  const size_t image = table.column("image_id");
  const size_t finding = table.column("class_name");
  const size_t number = table.column("class_id");
  const BoxColumns columns(table);
  std::map<int, std::string> names;  // by class_id
  Images images;
  for (size_t i = 1; i < table.rows().size(); ++i) {
    const CsvRow& row = table.rows()[i];
    const std::string name = trimmed(row.cells[finding]);
    const auto id = static_cast<int>(read_number(table, row, number, reading.mistakes));
    const auto [known, fresh] = names.emplace(id, name);
    if (!fresh && known->second != name)
      reading.mistakes.add(row.line, "class ", id, " is ", quoted(name), ", before it was ", quoted(known->second));
    Readings& readings = images.at(row.cells[image], row, split_of_row(reading, row));
    readings.findings[reader_of(table, row)].insert(name);
    if (auto box = columns.read(row, reading.mistakes)) readings.boxes.push_back(std::move(*box));
  }
  std::vector<std::string> classes;
  for (const auto& [id, name] : names) {
    if (std::find(classes.begin(), classes.end(), name) != classes.end())
      reading.mistakes.add(table.rows()[0].line, "two classes are called ", quoted(name));
    classes.push_back(name);
  }
  add_rows(reading, images, classes);
}

}  // namespace thorax::data
