#include <algorithm>
#include <cmath>

#include "data/sets/readers.h"

namespace thorax::data {

namespace {

const std::vector<std::string> image_names{"image", "file", "path", "Path", "Image Index", "image_id"};

// Which column is what.
class Columns {
 public:
  explicit Columns(const Reading& reading) : table_(reading.table), name_(table_.name()), header_(table_.columns()) {
    const ManifestOptions& options = reading.options;
    const auto found = find(options.image_column, image_names);
    if (!found) {
      throw Error(Fault::input, str(name_, ": no image column; image, file, path, Path, Image Index or image_id is expected"),
                  "--image-column names it; the columns are: " + listed(table_.columns()));
    }
    image = *found;
    patient = find(options.patient_column, {"patient"});
    split = find(options.split_column, {"split"});
    for (size_t i = 0; i < header_.size(); ++i) {
      const std::string name = lower_case(header_[i]);
      if (name == "age") age = i;
      if (name == "sex" || name == "gender") sex = i;
      if (name == "view") view = i;
    }
    if (options.labels.empty()) find_labels();
    for (const std::string& wanted : options.labels) add_label(wanted);
    if (!split) note_splits();
  }
  size_t image = 0;
  std::optional<size_t> patient, split, age, sex, view;
  std::vector<size_t> labels;
  std::vector<std::string> notes;

 private:
  std::optional<size_t> find(const std::string& wanted, const std::vector<std::string>& usual) const {
    if (!wanted.empty()) return table_.column(wanted);
    for (const std::string& u : usual) {
      if (const auto column = table_.find(u)) return column;
    }
    return std::nullopt;
  }

  void add_label(const std::string& wanted) {
    const size_t column = table_.column(wanted);
    if (column == image || patient == column || split == column) {
      throw Error(Fault::input, str(name_, ": column ", quoted(wanted), " cannot be a label, it is the image, patient or split"));
    }
    if (std::find(labels.begin(), labels.end(), column) != labels.end()) {
      throw Error(Fault::input, str(name_, ": the label ", quoted(wanted), " is asked for twice"));
    }
    labels.push_back(column);
  }

  bool is_taken(size_t column) const {
    return column == image || patient == column || split == column || age == column || sex == column || view == column;
  }

  void find_labels() {
    for (size_t i = 0; i < header_.size(); ++i) {
      if (!is_taken(i) && !header_[i].empty()) consider(i);
    }
    if (!labels.empty()) return;
    throw Error(Fault::input, str(name_, ": no label column: in none are all cells 0, 1, -1 or empty"),
                (notes.empty() ? "--labels A,B names them; the columns are: " + listed(table_.columns()) : notes[0]));
  }

  void consider(size_t column) {
    size_t known = 0;
    size_t wrong = 0;
    const CsvRow* first_wrong = nullptr;
    for (size_t r = 1; r < table_.rows().size(); ++r) {
      const CsvRow& row = table_.rows()[r];
      const auto label = read_label(row.cells[column], {}, {}, {});
      if (label && !std::isnan(*label)) ++known;
      if (!label && wrong++ == 0) first_wrong = &row;
    }
    if (known > 0 && wrong == 0) labels.push_back(column);
    // A typing error in one cell must not make a class disappear without a word.
    if (wrong > 0 && wrong <= known / 10) {
      notes.push_back(str("column ", quoted(header_[column]), " is not taken as a label: line ", first_wrong->line, " is ",
                          quoted(first_wrong->cells[column])));
    }
  }

  // A table with its splits under another name would be split anew without a word.
  void note_splits() {
    for (size_t i = 0; i < header_.size(); ++i) {
      const auto& rows = table_.rows();
      if (is_taken(i) || !std::all_of(rows.begin() + 1, rows.end(), [&](const CsvRow& r) { return read_split(r.cells[i]); }))
        continue;
      notes.push_back(str("column ", quoted(header_[i]), " looks like a split; --split-column takes it"));
    }
  }

  const Table& table_;
  const std::string name_;
  const std::vector<std::string>& header_;
};

Row read_row(const CsvRow& from, const Columns& columns, const Reading& reading, const std::filesystem::path& root) {
  Mistakes& mistakes = reading.mistakes;
  Row row;
  row.line = from.line;
  row.image = from.cells[columns.image];
  row.file = root / row.image;
  row.patient = columns.patient ? from.cells[*columns.patient] : row.image;
  if (columns.patient && row.patient.empty()) mistakes.add(from.line, "the patient is empty");
  row.split = columns.split ? split_of_row(reading, from) : reading.part;
  LabelRules rules = reading.rules;
  rules.soft = !reading.options.labels.empty();  // only a column that was named is believed to hold soft labels
  for (size_t k = 0; k < columns.labels.size(); ++k) {
    const std::string& cell = from.cells[columns.labels[k]];
    const std::string& name = reading.table.columns()[columns.labels[k]];
    const auto label = read_label(cell, rules, row.image, name);
    if (!label) mistakes.add(from.line, quoted(name), " is ", quoted(cell), "; a label is 0, 1, -1 (uncertain) or empty");
    row.labels.push_back(label.value_or(unknown_label));
  }
  if (columns.age) row.age = read_age(from.cells[*columns.age]);
  if (columns.sex) row.sex = read_sex(from.cells[*columns.sex]);
  if (columns.view) row.view = trimmed(from.cells[*columns.view]);
  return row;
}

}  // namespace

void read_plain(const Reading& reading) {
  const Columns columns(reading);
  Manifest& manifest = reading.manifest;
  manifest.has_patients = columns.patient.has_value();
  manifest.notes.insert(manifest.notes.end(), columns.notes.begin(), columns.notes.end());
  manifest.classes.clear();
  for (size_t column : columns.labels) manifest.classes.push_back(reading.table.columns()[column]);
  // Many sets have their images in a folder of that name beside the table.
  std::filesystem::path root = reading.root;
  std::error_code error;
  const std::string& first = reading.table.rows()[1].cells[columns.image];
  if (!std::filesystem::exists(root / first, error) && std::filesystem::exists(root / "images" / first, error)) root /= "images";
  for (size_t i = 1; i < reading.table.rows().size(); ++i)
    manifest.rows.push_back(read_row(reading.table.rows()[i], columns, reading, root));
}

}  // namespace thorax::data
