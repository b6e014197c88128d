#include "data/csv.h"

#include <fstream>
#include <system_error>

#include "data/inflate.h"

namespace thorax::data {

namespace {

constexpr size_t longest_row = size_t{1} << 20;
constexpr size_t most_columns = 4096;
constexpr auto largest_file = uintmax_t{1} << 30;

// '=1+1, ''=1+1, ...: what a spreadsheet would calculate, after any number of apostrophes (so that guarding can be undone
// exactly).
bool is_formula(std::string_view cell) {
  const size_t first = cell.find_first_not_of('\'');
  return first != std::string_view::npos && std::string_view("=+-@\t\r\n").find(cell[first]) != std::string_view::npos;
}

// Behind this, rows can no longer be told apart.
struct Broken {
  std::string what;
  int64_t line;
};

class Parser {
 public:
  Parser(std::string_view text, Mistakes& mistakes) : text_(text), mistakes_(mistakes) {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") at_ = 3;
  }

  std::vector<CsvRow> rows() {
    std::vector<CsvRow> all;
    try {
      while (at_ < text_.size()) {
        CsvRow row = next_row();
        if (row.cells.size() == 1 && row.cells[0].empty()) continue;
        if (all.empty() || row.cells.size() == all[0].cells.size())
          all.push_back(std::move(row));
        else
          mistakes_.add(row.line, row.cells.size(), " columns, the header has ", all[0].cells.size());
      }
    } catch (const Broken& broken) {
      mistakes_.add(broken.line, broken.what, "; reading ends here");
    }
    return all;
  }

 private:
  bool at_end_of_line() const { return at_ >= text_.size() || text_[at_] == '\n' || text_[at_] == '\r'; }

  CsvRow next_row() {
    CsvRow row{line_, {}};
    begin_ = at_;
    for (;;) {
      row.cells.push_back(next_cell(row.line));
      if (row.cells.size() > most_columns) throw Broken{"more than 4,096 columns", row.line};
      if (at_end_of_line()) break;
      ++at_;  // the comma
    }
    if (at_ < text_.size()) step();
    return row;
  }

  // Over one character, or over CR LF as one.
  void step() {
    if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    if (text_[at_] == '\n' || text_[at_] == '\r') ++line_;
    ++at_;
  }

  std::string next_cell(int64_t row_line) {
    std::string cell;
    if (at_ < text_.size() && text_[at_] == '"') {
      quoted_part(cell, row_line);
      if (at_end_of_line() || text_[at_] == ',') return unguarded(std::move(cell));
      mistakes_.add(row_line, "text after a closing quote");
    }
    while (!at_end_of_line() && text_[at_] != ',') take(cell, row_line);
    return unguarded(std::move(cell));
  }

  void quoted_part(std::string& cell, int64_t row_line) {
    const int64_t opened = line_;
    for (++at_;; take(cell, row_line)) {
      if (at_ >= text_.size()) throw Broken{"a quote is opened and never closed", opened};
      if (text_[at_] != '"') continue;
      ++at_;
      if (at_ >= text_.size() || text_[at_] != '"') return;
    }
  }

  // One character (CR LF: both) into the cell.
  void take(std::string& cell, int64_t row_line) {
    if (text_[at_] == '\0') throw Broken{"a NUL byte", line_};
    if (at_ - begin_ >= longest_row) throw Broken{"longer than 1 MiB (or a quote is never closed)", row_line};
    const size_t from = at_;
    step();
    cell.append(text_.substr(from, at_ - from));
  }

  static std::string unguarded(std::string cell) {
    if (!cell.empty() && cell[0] == '\'' && is_formula(cell)) cell.erase(0, 1);
    return cell;
  }

  std::string_view text_;
  Mistakes& mistakes_;
  size_t at_ = 0;
  size_t begin_ = 0;  // of the row
  int64_t line_ = 1;
};

}  // namespace

std::vector<CsvRow> parse_csv(std::string_view text, Mistakes& mistakes) {
  return Parser(text, mistakes).rows();
}

std::vector<CsvRow> read_csv(const std::filesystem::path& file, Mistakes& mistakes) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    const bool there = std::filesystem::exists(file, error);
    throw Error(Fault::input, str(file.string(), there ? ": not a file" : ": no such file"),
                "a table (CSV) of images is expected");
  }
  const auto size = std::filesystem::file_size(file, error);
  if (error || size > largest_file) throw Error(Fault::input, str(file.string(), ": larger than 1 GiB, or unreadable"));
  std::string text(size, '\0');
  std::ifstream stream(file, std::ios::binary);
  if (!stream.read(text.data(), static_cast<std::streamsize>(size)))
    throw Error(Fault::input, str(file.string(), ": cannot be read"));
  if (is_gzip(text)) text = inflate(text, Deflated::gzip, largest_file, file.string());
  return parse_csv(text, mistakes);
}

std::string csv_text(const std::string& cell) {
  const bool formula = is_formula(cell);
  const bool quote = formula || cell.find_first_of(",\"\r\n") != std::string::npos;
  if (!quote) return cell;
  std::string out = formula ? "\"'" : "\"";
  for (char c : cell) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace thorax::data
