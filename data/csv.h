// Comma-separated tables as people have them: a byte-order mark, CRLF or lone CR, quotes with commas and newlines inside.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace thorax::data {

struct CsvRow {
  int64_t line = 0;  // where it begins, from 1
  std::vector<std::string> cells;
};

// Throws Error(input) with the file and the line: a NUL byte, an open quote, a line over 1 MiB, more than 4,096 columns, a row with
// another number of columns than the first. Empty lines are skipped.
std::vector<CsvRow> read_csv(const std::filesystem::path& file);
std::vector<CsvRow> parse_csv(std::string_view text, const std::string& name);

// One cell, quoted where needed. text: also guarded against being taken for a formula by a spreadsheet (OWASP: = + - @ tab CR LF
// first: an apostrophe goes before it). Numbers are not touched.
std::string csv_text(const std::string& cell);

}  // namespace thorax::data
