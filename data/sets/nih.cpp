#include <unordered_set>

#include "data/sets/boxes.h"
#include "data/sets/image_index.h"
#include "data/sets/readers.h"

namespace thorax::data {

namespace {

constexpr const char* no_finding = "No Finding";
const std::vector<std::string> findings{"Atelectasis", "Cardiomegaly", "Effusion",           "Infiltration",  "Mass",
                                        "Nodule",      "Pneumonia",    "Pneumothorax",       "Consolidation", "Edema",
                                        "Emphysema",   "Fibrosis",     "Pleural_Thickening", "Hernia"};

// train_val_list.txt and test_list.txt: one image a line.
std::unordered_set<std::string> images_of(const std::filesystem::path& file) {
  Mistakes mistakes(file.filename().string());
  std::unordered_set<std::string> images;
  for (const CsvRow& row : read_csv(file, mistakes)) images.insert(trimmed(row.cells[0]));
  mistakes.throw_if_any();
  return images;
}

// The official lists, where they lie beside the table.
class OfficialSplit {
 public:
  explicit OfficialSplit(const Table& table) {
    const auto train = beside(table, "train_val_list.txt");
    const auto test = beside(table, "test_list.txt");
    if (train) train_ = images_of(*train);
    if (test) test_ = images_of(*test);
  }
  bool there() const { return !train_.empty() && !test_.empty(); }
  Split of(const std::string& image) const {
    return train_.count(image) != 0 ? Split::train : test_.count(image) != 0 ? Split::test : Split::none;
  }

 private:
  std::unordered_set<std::string> train_, test_;
};

void read_findings(const Reading& reading, const CsvRow& from, const std::string& cell, const ClassList& classes,
                   std::vector<float>& labels) {
  for (size_t at = 0; at <= cell.size();) {
    const size_t end = std::min(cell.find('|', at), cell.size());
    const std::string finding = trimmed(cell.substr(at, end - at));
    if (!classes.known(finding)) reading.mistakes.add(from.line, "no finding of ChestX-ray14 is called ", quoted(finding));
    if (const auto k = classes.of(finding)) labels[*k] = 1.0F;
    at = end + 1;
  }
}

}  // namespace

bool is_nih(const Table& table) {
  return table.has({"Image Index", "Finding Labels", "Patient ID"});
}

void read_nih(const Reading& reading) {
  const Table& table = reading.table;
  std::vector<std::string> all = findings;
  all.emplace_back(no_finding);
  const ClassList classes(reading, all, findings);
  const size_t image = table.column("Image Index");
  const size_t labels = table.column("Finding Labels");
  const size_t patient = table.column("Patient ID");
  const auto age = table.find("Patient Age");
  const auto sex = table.find("Patient Gender") ? table.find("Patient Gender") : table.find("Patient Sex");
  const auto view = table.find("View Position");
  const ImageIndex index(reading.root);
  const OfficialSplit official(table);
  BoxTable boxes;  // in pixels of the 1,024 x 1,024 images
  if (const auto file = beside(table, "BBox_List_2017.csv")) boxes = read_boxes(*file);
  for (size_t i = 1; i < table.rows().size(); ++i) {
    const CsvRow& from = table.rows()[i];
    Row row = begin_row(reading, from, image, patient);
    row.file = index.find(row.image);
    if (row.split == Split::none && official.there()) {
      row.split = official.of(row.image);
      if (row.split == Split::none) reading.mistakes.add(from.line, "the image is in neither of the official lists");
    }
    row.labels.assign(classes.size(), 0.0F);
    read_findings(reading, from, from.cells[labels], classes, row.labels);
    if (age) row.age = read_age(from.cells[*age]);
    if (sex) row.sex = read_sex(from.cells[*sex]);
    if (view) row.view = trimmed(from.cells[*view]);
    if (const auto it = boxes.find(row.image); it != boxes.end()) row.boxes = it->second;
    reading.manifest.rows.push_back(std::move(row));
  }
  reading.manifest.has_patients = true;
}

}  // namespace thorax::data
