#include "data/manifest.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <unordered_map>

#include "data/csv.h"
#include "data/mistakes.h"

namespace thorax::data {

namespace {

constexpr float unknown = std::numeric_limits<float>::quiet_NaN();

std::string trimmed(const std::string& cell) {
  const size_t first = cell.find_first_not_of(' ');
  return first == std::string::npos ? std::string() : cell.substr(first, cell.find_last_not_of(' ') - first + 1);
}

// 0, 1 or -1, with any number of zeros behind a point.
std::optional<float> label_of(const std::string& cell) {
  std::string text = trimmed(cell);
  if (const size_t point = text.find('.'); point != std::string::npos && point > 0) {
    if (text.find_first_not_of('0', point + 1) != std::string::npos) return std::nullopt;
    text.resize(point);
  }
  if (text == "0") return 0.0F;
  if (text == "1") return 1.0F;
  if (text.empty() || text == "-1") return unknown;
  return std::nullopt;
}

std::optional<Split> split_of(const std::string& cell) {
  std::string text = trimmed(cell);
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (text == "train" || text == "training") return Split::train;
  if (text == "val" || text == "valid" || text == "validate" || text == "validation" || text == "dev") return Split::val;
  if (text == "test" || text == "testing") return Split::test;
  return std::nullopt;
}

// Which column is what.
class Columns {
 public:
  Columns(const ManifestOptions& options, const std::vector<CsvRow>& rows, Mistakes& mistakes)
      : name_(options.table.filename().string()), rows_(rows), header_(rows[0].cells) {
    for (size_t i = 0; i < header_.size(); ++i) {
      const auto before = header_.begin() + static_cast<std::ptrdiff_t>(i);
      if (!header_[i].empty() && std::find(header_.begin(), before, header_[i]) != before) {
        mistakes.add(rows[0].line, "two columns are named ", quoted(header_[i]));
      }
    }
    const auto found = find(options.image_column, {"image", "file", "path", "Path", "Image Index", "image_id"});
    if (!found) {
      throw Error(Fault::input, str(name_, ": no image column; image, file, path, Path, Image Index or image_id is expected"),
                  "--image-column names it; the columns are: " + listed());
    }
    image = *found;
    patient = find(options.patient_column, {"patient"});
    split = find(options.split_column, {"split"});
    if (options.labels.empty()) find_labels();
    for (const std::string& wanted : options.labels) add_label(wanted);
  }
  size_t image = 0;
  std::optional<size_t> patient, split;
  std::vector<size_t> labels;
  std::vector<std::string> notes;

 private:
  std::optional<size_t> find(const std::string& wanted, std::vector<std::string> usual) const {
    if (!wanted.empty()) usual = {wanted};
    for (const std::string& u : usual) {
      const auto it = std::find(header_.begin(), header_.end(), u);
      if (it != header_.end()) return static_cast<size_t>(it - header_.begin());
    }
    if (!wanted.empty())
      throw Error(Fault::input, str(name_, ": no column is named ", quoted(wanted)), "the columns are: " + listed());
    return std::nullopt;
  }

  std::string listed() const {
    std::string all;
    for (const std::string& h : header_) all += (all.empty() ? "" : ", ") + h;
    return all;
  }

  void add_label(const std::string& wanted) {
    const size_t column = *find(wanted, {""});
    if (column == image || patient == column || split == column) {
      throw Error(Fault::input, str(name_, ": column ", quoted(wanted), " cannot be a label, it is the image, patient or split"));
    }
    if (std::find(labels.begin(), labels.end(), column) != labels.end()) {
      throw Error(Fault::input, str(name_, ": the label ", quoted(wanted), " is asked for twice"));
    }
    labels.push_back(column);
  }

  void find_labels() {
    for (size_t i = 0; i < header_.size(); ++i) {
      if (i == image || patient == i || split == i || header_[i].empty()) continue;
      consider(i);
    }
    if (!labels.empty()) return;
    throw Error(Fault::input, str(name_, ": no label column: in none are all cells 0, 1, -1 or empty"),
                (notes.empty() ? "--labels A,B names them; the columns are: " + listed() : notes[0]));
  }

  void consider(size_t column) {
    size_t known = 0;
    size_t wrong = 0;
    const CsvRow* first_wrong = nullptr;
    for (size_t r = 1; r < rows_.size(); ++r) {
      const auto label = label_of(rows_[r].cells[column]);
      if (label && !std::isnan(*label)) ++known;
      if (!label && wrong++ == 0) first_wrong = &rows_[r];
    }
    if (known > 0 && wrong == 0) labels.push_back(column);
    // A typing error in one cell must not make a class disappear without a word.
    if (wrong > 0 && wrong <= known / 10) {
      notes.push_back(str("column ", quoted(header_[column]), " is not taken as a label: line ", first_wrong->line, " is ",
                          quoted(first_wrong->cells[column])));
    }
  }

  const std::string name_;
  const std::vector<CsvRow>& rows_;
  const std::vector<std::string>& header_;
};

Row read_row(const CsvRow& from, const Columns& columns, const std::vector<std::string>& classes,
             const std::filesystem::path& root, Mistakes& mistakes) {
  Row row;
  row.line = from.line;
  row.image = from.cells[columns.image];
  if (row.image.empty()) mistakes.add(from.line, "the image is empty");
  row.file = root / row.image;
  row.patient = columns.patient ? from.cells[*columns.patient] : row.image;
  if (columns.patient && row.patient.empty()) mistakes.add(from.line, "the patient is empty");
  if (columns.split) {
    const std::string& cell = from.cells[*columns.split];
    const auto split = split_of(cell);
    if (!split) mistakes.add(from.line, "the split is ", quoted(cell), "; train, val or test is expected");
    row.split = split.value_or(Split::none);
  }
  for (size_t k = 0; k < columns.labels.size(); ++k) {
    const std::string& cell = from.cells[columns.labels[k]];
    const auto label = label_of(cell);
    if (!label) mistakes.add(from.line, quoted(classes[k]), " is ", quoted(cell), "; a label is 0, 1, -1 (uncertain) or empty");
    row.labels.push_back(label.value_or(unknown));
  }
  return row;
}

}  // namespace

const char* name_of(Split split) {
  constexpr std::array<const char*, 4> names{"none", "train", "val", "test"};
  return names[static_cast<size_t>(split)];
}

std::vector<size_t> Manifest::of(Split split) const {
  std::vector<size_t> found;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].split == split) found.push_back(i);
  }
  return found;
}

std::set<std::string> Manifest::patients_in_two_splits() const {
  std::unordered_map<std::string, Split> first;
  std::set<std::string> shared;
  for (const Row& row : rows) {
    if (row.split == Split::none) continue;
    const auto [it, fresh] = first.emplace(row.patient, row.split);
    if (!fresh && it->second != row.split) shared.insert(row.patient);
  }
  return shared;
}

Manifest read_manifest(const ManifestOptions& options) {
  const std::string name = options.table.filename().string();
  Mistakes mistakes(name);
  const std::vector<CsvRow> rows = read_csv(options.table, mistakes);
  if (rows.size() < 2) {
    mistakes.throw_if_any();
    throw Error(Fault::input, str(name, ": a header and at least one image are expected"));
  }
  const Columns columns(options, rows, mistakes);
  Manifest manifest;
  manifest.has_patients = columns.patient.has_value();
  manifest.has_split = columns.split.has_value();
  manifest.notes = columns.notes;
  for (size_t column : columns.labels) manifest.classes.push_back(rows[0].cells[column]);
  const std::filesystem::path root = options.root.empty() ? options.table.parent_path() : options.root;
  std::unordered_map<std::string, int64_t> seen;
  for (size_t i = 1; i < rows.size(); ++i) {
    manifest.rows.push_back(read_row(rows[i], columns, manifest.classes, root, mistakes));
    const Row& row = manifest.rows.back();
    if (row.image.empty()) continue;
    const auto [it, fresh] = seen.emplace(row.file.lexically_normal().string(), row.line);
    if (!fresh) mistakes.add(row.line, "the image of line ", it->second, " again");
  }
  mistakes.throw_if_any();
  return manifest;
}

}  // namespace thorax::data
