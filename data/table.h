// A CSV file with named columns.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/csv.h"

namespace thorax::data {

class Table {
 public:
  // Plain or gzip. Mistakes are noted, two columns of one name too. Throws Error(input) when the file cannot be read or has no
  // row below its header.
  Table(std::filesystem::path file, Mistakes& mistakes);

  const std::filesystem::path& file() const { return file_; }
  std::string name() const { return file_.filename().string(); }  // for messages
  const std::vector<std::string>& columns() const { return all_[0].cells; }
  const std::vector<CsvRow>& rows() const { return all_; }  // the header is rows()[0]

  std::optional<size_t> find(std::string_view column) const;
  bool has(std::initializer_list<std::string_view> names) const;
  // Throws Error(input) with the columns that there are.
  size_t column(const std::string& name) const;

 private:
  std::filesystem::path file_;
  std::vector<CsvRow> all_;
};

}  // namespace thorax::data
