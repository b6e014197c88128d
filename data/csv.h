// Comma-separated tables as people have them: a byte-order mark, CRLF or lone CR, quotes with commas and newlines inside.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/mistakes.h"

namespace thorax::data {

struct CsvRow {
  int64_t line = 0;  // where it begins, from 1
  std::vector<std::string> cells;
};

// Every row that is sound; empty lines are skipped. Noted as mistakes: a row with another number of columns than the first, text
// after a closing quote, and these, where reading ends: a NUL byte, a quote that is never closed, a row longer than 1 MiB or
// wider than 4,096 columns. An apostrophe that csv_text() put before a formula is taken off again.
std::vector<CsvRow> parse_csv(std::string_view text, Mistakes& mistakes);

// The same for a file, plain or gzip. Throws Error(input) when there is none, it is larger than 1 GiB (unpacked, too) or damaged.
std::vector<CsvRow> read_csv(const std::filesystem::path& file, Mistakes& mistakes);

// One cell of text (a path, a name), quoted where needed and guarded against being taken for a formula by a spreadsheet (OWASP's
// CSV injection: = + - @ tab CR LF first): an apostrophe goes before it. Numbers are written without it.
std::string csv_text(const std::string& cell);

}  // namespace thorax::data
