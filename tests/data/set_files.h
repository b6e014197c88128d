// Small data sets of the field's columns, written into a temporary folder.
#pragma once

#include <cmath>

#include "data/manifest.h"
#include "tests/data/errors.h"
#include "tests/temporary_folder.h"

namespace thorax::test {

using Names = std::vector<std::string>;

// Files of one data set, read by the first one's name ("" : the folder).
struct SetFiles {
  SetFiles(const std::string& table, const std::vector<std::pair<std::string, std::string>>& files) {
    for (const auto& [name, text] : files) add(name, text);
    options.table = table.empty() ? folder.path() : folder / table;
  }
  void add(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder / name).parent_path());
    write_text(folder / name, text);
  }
  data::Manifest read() const { return data::read_manifest(options); }
  std::string error() const {
    return input_error([&] { read(); });
  }
  TemporaryFolder folder;
  data::ManifestOptions options;
};

// The labels of a row: 0, 1, ? (unknown) or ~ (soft).
inline std::string labels_of(const data::Row& row) {
  std::string text;
  for (float label : row.labels) text += std::isnan(label) ? '?' : label == 0 ? '0' : label == 1 ? '1' : '~';
  return text;
}

}  // namespace thorax::test
