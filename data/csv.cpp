#include "data/csv.h"

#include <fstream>
#include <sstream>

#include "tensor/error.h"

namespace thorax::data {

namespace {

constexpr size_t longest_line = size_t{1} << 20;
constexpr size_t most_columns = 4096;
constexpr auto largest_file = uintmax_t{1} << 30;

class Parser {
 public:
  Parser(std::string_view text, const std::string& name) : text_(text), name_(name) {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") at_ = 3;
  }

  std::vector<CsvRow> rows() {
    std::vector<CsvRow> all;
    while (at_ < text_.size()) {
      CsvRow row = next_row();
      if (row.cells.size() == 1 && row.cells[0].empty()) continue;
      if (!all.empty() && row.cells.size() != all[0].cells.size()) {
        throw Error(Fault::input, str(name_, ": line ", row.line, " has ", row.cells.size(), " columns, the header has ", all[0].cells.size()));
      }
      all.push_back(std::move(row));
    }
    return all;
  }

 private:
  Error wrong(const char* what, int64_t line) const { return {Fault::input, str(name_, ": line ", line, ": ", what)}; }
  bool at_end_of_line() const { return at_ >= text_.size() || text_[at_] == '\n' || text_[at_] == '\r'; }

  CsvRow next_row() {
    CsvRow row{line_, {}};
    const size_t begin = at_;
    for (;;) {
      row.cells.push_back(next_cell());
      if (at_ - begin > longest_line) throw wrong("longer than 1 MiB", row.line);
      if (row.cells.size() > most_columns) throw wrong("more than 4,096 columns", row.line);
      if (at_end_of_line()) break;
      ++at_;  // the comma
    }
    end_line();
    return row;
  }

  void end_line() {
    if (at_ >= text_.size()) return;
    if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    ++at_;
    ++line_;
  }

  std::string next_cell() {
    std::string cell;
    if (at_ < text_.size() && text_[at_] == '"') return quoted();
    while (!at_end_of_line() && text_[at_] != ',') cell += character();
    return cell;
  }

  std::string quoted() {
    std::string cell;
    const int64_t opened = line_;
    for (++at_;; ++at_) {
      if (at_ >= text_.size() || cell.size() > longest_line) throw wrong("a quote is opened and never closed", opened);
      if (text_[at_] == '"') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
        ++at_;
      }
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] == '\0') throw wrong("a NUL byte", line_);
      cell += text_[at_];
    }
    ++at_;
    if (!at_end_of_line() && text_[at_] != ',') throw wrong("something follows a closing quote", line_);
    return cell;
  }

  char character() {
    if (text_[at_] == '\0') throw wrong("a NUL byte", line_);
    return text_[at_++];
  }

  std::string_view text_;
  const std::string& name_;
  size_t at_ = 0;
  int64_t line_ = 1;
};

}  // namespace

std::vector<CsvRow> parse_csv(std::string_view text, const std::string& name) { return Parser(text, name).rows(); }

std::vector<CsvRow> read_csv(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) throw Error(Fault::input, str(file.string(), ": no such file"), "a table (CSV) of images is expected");
  if (std::filesystem::file_size(file, error) > largest_file) throw Error(Fault::input, str(file.string(), ": larger than 1 GiB"));
  std::ifstream stream(file, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  if (!stream) throw Error(Fault::input, str(file.string(), ": cannot be read, or is empty"));
  return parse_csv(text.view(), file.filename().string());
}

std::string csv_text(const std::string& cell) {
  const bool formula = !cell.empty() && std::string_view("=+-@\t\r\n").find(cell[0]) != std::string_view::npos;
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
