// Pieces of an HTML page. Text of unknown origin (class names) reaches a page through these functions alone.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thorax {

// printable(text), with what HTML would take for markup escaped; for text and for quoted attributes.
std::string html_text(std::string_view text);

// The same of a figure; the parenthesis behind it, an interval or a share, stays on one line.
std::string html_figure(std::string_view text);

// JSON that stands inside a <script>: nothing in it can end the element.
std::string json_in_script(std::string_view json);

std::string base64(std::span<const uint8_t> bytes);

// A table whose first cell of each row names it. It scrolls by itself where it is wider than the page.
class HtmlTable {
 public:
  HtmlTable(std::string_view caption, const std::vector<std::string>& header);
  void row(const std::vector<std::string>& cells);
  void last_row(const std::vector<std::string>& cells);  // a total
  std::string html() const;

 private:
  void add(const std::vector<std::string>& cells, std::string_view kind);
  std::string caption_, text_;
};

struct HtmlSection {
  std::string id, title, html;
};

// A whole page: its head with the styles, links to the sections, the sections, and behind them the scripts.
std::string html_page(const std::string& title, const std::string& introduction, const std::vector<HtmlSection>& sections);

}  // namespace thorax
