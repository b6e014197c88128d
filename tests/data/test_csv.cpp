#include <doctest/doctest.h>

#include "data/csv.h"
#include "tests/data/errors.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

using Cells = std::vector<std::string>;

std::vector<CsvRow> parse(const std::string& text) {
  Mistakes mistakes("t.csv");
  auto rows = parse_csv(text, mistakes);
  mistakes.throw_if_any();
  return rows;
}

std::string mistakes_of(const std::string& text) {
  return input_error([&] { parse(text); });
}

}  // namespace

TEST_CASE("csv: byte-order mark, CRLF, lone CR, LF, no newline at the end, empty lines") {
  const auto rows = parse(
      "\xEF\xBB\xBF"
      "a,b\r\n1,2\r3,4\n\n\r\n5,6");
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].cells == Cells{"a", "b"});
  CHECK(rows[1].cells == Cells{"1", "2"});
  CHECK(rows[2].cells == Cells{"3", "4"});
  CHECK(rows[3].cells == Cells{"5", "6"});
  CHECK(rows[1].line == 2);
  CHECK(rows[2].line == 3);
  CHECK(rows[3].line == 6);
}

TEST_CASE("csv: quotes with commas, newlines and quotes inside, lines are counted on") {
  const auto rows = parse("\"a,1\",\"b\"\"c\"\n\"two\r\nlines\rthree\nfour\",\"\"\n,x\"y\n");
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].cells == Cells{"a,1", "b\"c"});
  CHECK(rows[1].cells == Cells{"two\r\nlines\rthree\nfour", ""});
  CHECK(rows[2].cells == Cells{"", "x\"y"});
  CHECK(rows[2].line == 6);
}

TEST_CASE("csv: empty cells and trailing commas are cells") {
  const auto rows = parse("a,b,\n,,\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].cells == Cells{"a", "b", ""});
  CHECK(rows[1].cells == Cells{"", "", ""});
  CHECK(parse("").empty());
  CHECK(parse("\n\r\n").empty());
}

TEST_CASE("csv: mistakes come together, with their lines") {
  const std::string text = mistakes_of("a,b\n1\n1,2\n1,2,3\n\"x\"y,2\n");
  CHECK(has(text, "t.csv: 3 mistakes:"));
  CHECK(has(text, "line 2: 1 columns, the header has 2"));
  CHECK(has(text, "line 4: 3 columns, the header has 2"));
  CHECK(has(text, "line 5: text after a closing quote"));
  CHECK(mistakes_of("a,b\n1\n") == "t.csv: line 2: 1 columns, the header has 2");
}

TEST_CASE("csv: at most 20 mistakes are shown, the first by line, and the rest is counted") {
  std::string text = "a,b\n";
  for (int i = 0; i < 33; ++i) text += "1\n";
  const std::string message = mistakes_of(text);
  CHECK(has(message, "33 mistakes"));
  CHECK(has(message, "line 21:"));
  CHECK(!has(message, "line 22:"));
  CHECK(has(message, "and 13 more"));
}

TEST_CASE("csv: what cannot be read on") {
  CHECK(has(mistakes_of(std::string("a,b\n1,\0\n", 8)), "line 2: a NUL byte"));
  CHECK(has(mistakes_of(std::string("a,b\n1,\"x\n\0\"\n", 12)), "line 3: a NUL byte"));
  CHECK(has(mistakes_of("a,b\n1,2\n3,\"open\n5,6\n"), "line 3: a quote is opened and never closed"));
  CHECK(has(mistakes_of("a\n" + std::string((1 << 20) + 1, 'x') + "\n"), "line 2: longer than 1 MiB"));
  CHECK(has(mistakes_of("a\n\"" + std::string((1 << 20) + 1, '\n') + "\"\n"), "line 2: longer than 1 MiB"));
  CHECK(parse("a\n" + std::string((1 << 20) - 1, 'x') + "\n").size() == 2);
  CHECK(has(mistakes_of(std::string(4096, ',') + "\n"), "line 1: more than 4,096 columns"));
  CHECK(parse(std::string(4095, ',') + "\n")[0].cells.size() == 4096);
}

TEST_CASE("csv: files") {
  const TemporaryFolder folder;
  Mistakes mistakes("t");
  CHECK(has(input_error([&] { read_csv(folder / "none.csv", mistakes); }), "none.csv: no such file"));
  CHECK(has(input_error([&] { read_csv(folder.path(), mistakes); }), "not a file"));
  write_text(folder / "empty.csv", "");
  CHECK(read_csv(folder / "empty.csv", mistakes).empty());
  write_text(folder / "a.csv", "x,y\n1,2\n");
  CHECK(read_csv(folder / "a.csv", mistakes).size() == 2);
}

TEST_CASE("csv: no text becomes a formula, and every text comes back as it was") {
  CHECK(csv_text("plain") == "plain");
  CHECK(csv_text("a,b") == "\"a,b\"");
  CHECK(csv_text("=1+1") == "\"'=1+1\"");
  CHECK(csv_text("@x") == "\"'@x\"");
  CHECK(csv_text("-x") == "\"'-x\"");
  CHECK(csv_text("+x") == "\"'+x\"");
  CHECK(csv_text("\tx") == "\"'\tx\"");
  CHECK(csv_text("it's") == "it's");
  for (const char* text : {"", "plain", "=1+1", "'=1", "''=1", "'", "'a", "-1", "+", "@", "\t", "\rx", "\n=", "a\"b", "\"", "a,b",
                           "\"=\"", "a\r\nb", "'-"}) {
    const auto rows = parse("h1,h2\nx," + csv_text(text) + "\n");
    REQUIRE(rows.size() == 2);
    CHECK(rows[1].cells[1] == text);
  }
}
