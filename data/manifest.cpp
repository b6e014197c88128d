#include "data/manifest.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>

#include "data/csv.h"
#include "tensor/error.h"

namespace thorax::data {

namespace {

constexpr size_t most_mistakes = 20;
constexpr float unknown = std::numeric_limits<float>::quiet_NaN();

// All mistakes of a table, shown together.
class Mistakes {
 public:
  template <class... Parts>
  void add(int64_t line, const Parts&... parts) {
    if (++count_ <= most_mistakes) text_ += str(count_ > 1 ? "\n  " : "", "line ", line, ": ", parts...);
  }
  void throw_if_any(const std::string& table) const {
    if (count_ == 0) return;
    std::string text = str(table, ": ", count_ > 1 ? str(count_, " mistakes:\n  ") : std::string(), text_);
    if (count_ > most_mistakes) text += str("\n  and ", count_ - most_mistakes, " more");
    throw Error(Fault::input, text);
  }

 private:
  size_t count_ = 0;
  std::string text_;
};

std::optional<float> label_of(const std::string& cell) {
  if (cell == "0" || cell == "0.0") return 0.0F;
  if (cell == "1" || cell == "1.0") return 1.0F;
  if (cell.empty() || cell == "-1" || cell == "-1.0") return unknown;
  return std::nullopt;
}

std::optional<Split> split_of(std::string cell) {
  std::transform(cell.begin(), cell.end(), cell.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (cell == "train" || cell == "training") return Split::train;
  if (cell == "val" || cell == "valid" || cell == "validate" || cell == "validation" || cell == "dev") return Split::val;
  if (cell == "test" || cell == "testing") return Split::test;
  return std::nullopt;
}

class Columns {
 public:
  Columns(const ManifestOptions& options, const std::vector<CsvRow>& rows) : options_(options), rows_(rows), header_(rows[0].cells) {
    for (size_t i = 0; i < header_.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (header_[i] == header_[j]) throw Error(Fault::input, str(name(), ": two columns are named \"", header_[i], "\""));
      }
    }
    image = find(options.image_column, {"image", "file", "path", "Path", "Image Index", "image_id"}).value_or(header_.size());
    if (image == header_.size()) {
      throw Error(Fault::input, str(name(), ": no image column; image, file, path, Path, Image Index or image_id is expected"),
                  "--image-column names it");
    }
    patient = find(options.patient_column, {"patient"});
    split = find(options.split_column, {"split"});
    find_labels();
  }
  size_t image = 0;
  std::optional<size_t> patient, split;
  std::vector<size_t> labels;

 private:
  std::string name() const { return options_.table.filename().string(); }

  std::optional<size_t> find(const std::string& wanted, std::vector<std::string> usual) const {
    if (!wanted.empty()) usual = {wanted};
    for (const std::string& u : usual) {
      const auto it = std::find(header_.begin(), header_.end(), u);
      if (it != header_.end()) return static_cast<size_t>(it - header_.begin());
    }
    if (!wanted.empty()) throw Error(Fault::input, str(name(), ": no column is named \"", wanted, "\""), "the columns are: " + listed());
    return std::nullopt;
  }

  std::string listed() const {
    std::string all;
    for (const std::string& h : header_) all += (all.empty() ? "" : ", ") + h;
    return all;
  }

  void find_labels() {
    for (const std::string& wanted : options_.labels) labels.push_back(*find(wanted, {}));
    if (!labels.empty()) return;
    for (size_t i = 0; i < header_.size(); ++i) {
      if (i == image || patient == i || split == i) continue;
      const auto is_label = [&](const CsvRow& row) { return label_of(row.cells[i]).has_value(); };
      if (std::all_of(rows_.begin() + 1, rows_.end(), is_label)) labels.push_back(i);
    }
    if (labels.empty()) {
      throw Error(Fault::input, str(name(), ": no label column: in none are all cells 0, 1, -1 or empty"), "--labels A,B names them; the columns are: " + listed());
    }
  }

  const ManifestOptions& options_;
  const std::vector<CsvRow>& rows_;
  const std::vector<std::string>& header_;
};

Row read_row(const CsvRow& from, const Columns& columns, const std::vector<std::string>& classes, const std::filesystem::path& root,
             Mistakes& mistakes) {
  Row row;
  row.line = from.line;
  row.image = from.cells[columns.image];
  if (row.image.empty()) mistakes.add(from.line, "the image column is empty");
  row.file = root / row.image;
  row.patient = columns.patient ? from.cells[*columns.patient] : row.image;
  if (columns.patient && row.patient.empty()) mistakes.add(from.line, "the patient column is empty");
  if (columns.split) {
    const auto split = split_of(from.cells[*columns.split]);
    if (split) row.split = *split;
    else mistakes.add(from.line, "the split is \"", from.cells[*columns.split], "\"; train, val or test is expected");
  }
  for (size_t k = 0; k < columns.labels.size(); ++k) {
    const std::string& cell = from.cells[columns.labels[k]];
    const auto label = label_of(cell);
    if (!label) mistakes.add(from.line, '"', classes[k], "\" is \"", cell, "\"; a label is 0, 1, -1 (uncertain) or empty");
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
  std::map<std::string, Split> first;
  std::set<std::string> shared;
  for (const Row& row : rows) {
    const auto [it, fresh] = first.emplace(row.patient, row.split);
    if (!fresh && it->second != row.split) shared.insert(row.patient);
  }
  return shared;
}

Manifest read_manifest(const ManifestOptions& options) {
  const std::vector<CsvRow> rows = read_csv(options.table);
  const std::string name = options.table.filename().string();
  if (rows.size() < 2) throw Error(Fault::input, str(name, ": a header and at least one image are expected"));
  const Columns columns(options, rows);
  Manifest manifest;
  manifest.has_patients = columns.patient.has_value();
  manifest.has_split = columns.split.has_value();
  for (size_t column : columns.labels) manifest.classes.push_back(rows[0].cells[column]);
  const std::filesystem::path root = options.root.empty() ? options.table.parent_path() : options.root;
  Mistakes mistakes;
  std::map<std::string, int64_t> seen;
  for (size_t i = 1; i < rows.size(); ++i) {
    manifest.rows.push_back(read_row(rows[i], columns, manifest.classes, root, mistakes));
    const auto [it, fresh] = seen.emplace(manifest.rows.back().image, rows[i].line);
    if (!fresh) mistakes.add(rows[i].line, "the image of line ", it->second, " again");
  }
  mistakes.throw_if_any(name);
  return manifest;
}

}  // namespace thorax::data
