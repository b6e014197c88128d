// The data sets of the field: each knows its columns and makes rows of a manifest from them. A new one: a pair of functions in a
// file of its own and a line in data_set.cpp.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "data/manifest.h"
#include "data/table.h"

namespace thorax::data {

// One table that is being read.
struct Reading {
  const ManifestOptions& options;
  const Table& table;
  std::filesystem::path root;  // where images lie
  Split part;                  // of all its rows, where the file's name tells; else none
  const LabelRules rules;      // for labels, `empty` resolved for this data set
  Manifest& manifest;          // rows are appended
  Mistakes& mistakes;
};

struct DataSet {
  const char* name;
  bool (*recognises)(const Table& table);
  void (*read)(const Reading& reading);
  bool empty_is_zero;  // usually
};

const std::vector<DataSet>& data_sets();

// A table that belongs to this one: beside it, as it is or with .gz. nullopt: not there.
std::optional<std::filesystem::path> beside(const Table& table, const std::string& name);

std::optional<Split> read_split(const std::string& cell);
// Years: 58, 058Y, 6M, 12W, 30D; NaN where it is not known or wrong.
float read_age(const std::string& cell);
char read_sex(const std::string& cell);  // F, M or ?
// The split of a row: in the split column where the table has one, else the part's.
Split split_of_row(const Reading& reading, const CsvRow& row);

// A row with what every table has: line, image, patient (without a column the image; noted as a mistake where it is empty),
// split.
Row begin_row(const Reading& reading, const CsvRow& from, size_t image, std::optional<size_t> patient = std::nullopt);

// Classes for every row from names of findings. Throws Error(input) when a label that is asked for is no class.
class ClassList {
 public:
  // all: every class of the data set; usual: those taken when none is asked for.
  ClassList(const Reading& reading, std::vector<std::string> all, const std::vector<std::string>& usual);
  std::optional<size_t> of(const std::string& finding) const;  // nullopt: a class of the set that is not asked for
  bool known(const std::string& finding) const;                // a class of the set
  size_t size() const { return count_; }

 private:
  std::map<std::string, std::optional<size_t>> places_;
  size_t count_;
};

// A cell as a number; noted as a mistake (and 0) when it is none.
float read_number(const Table& table, const CsvRow& row, size_t column, Mistakes& mistakes);

}  // namespace thorax::data
