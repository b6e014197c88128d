#include "apps/html.h"

#include "apps/console.h"
#include "apps/printable.h"
#include "apps/report_assets.h"
#include "tensor/error.h"

namespace thorax {

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string html_figure(std::string_view text) {
  const size_t open = text.find(" (");
  if (open == std::string_view::npos || !text.ends_with(')')) return html_text(text);
  return str(html_text(text.substr(0, open)), " <small>", html_text(text.substr(open + 1)), "</small>");
}

std::string json_in_script(std::string_view json) {
  std::string out;
  for (const char c : json) out += c == '<' ? "\\u003c" : std::string(1, c);
  return out;
}

std::string base64(std::span<const uint8_t> bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - at);
    uint32_t three = 0;
    for (size_t i = 0; i < 3; ++i) three = three << 8 | (i < count ? bytes[at + i] : 0U);
    for (size_t i = 0; i < 4; ++i) out += i <= count ? digits[three >> (18 - 6 * i) & 63U] : '=';
  }
  return out;
}

HtmlTable::HtmlTable(std::string_view caption, const std::vector<std::string>& header) : caption_(html_text(caption)) {
  text_ = "<thead><tr>";
  for (const std::string& name : header) text_ += str("<th scope=\"col\">", html_text(name), "</th>");
  text_ += "</tr></thead>\n<tbody>\n";
}

void HtmlTable::add(const std::vector<std::string>& cells, std::string_view kind) {
  text_ += str("<tr", kind, ">");
  for (const std::string& cell : cells)
    text_ +=
        &cell == &cells.front() ? str("<th scope=\"row\">", html_text(cell), "</th>") : str("<td>", html_figure(cell), "</td>");
  text_ += "</tr>\n";
}

void HtmlTable::row(const std::vector<std::string>& cells) {
  add(cells, "");
}

void HtmlTable::last_row(const std::vector<std::string>& cells) {
  add(cells, " class=\"total\"");
}

std::string HtmlTable::html() const {
  // The caption stands outside, so that it does not scroll away.
  return str("<p class=\"caption\">", caption_, "</p><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"",
             caption_, "\"><table aria-label=\"", caption_, "\">", text_, "</tbody></table></div>\n");
}

// The policy lets the page use what it holds itself and nothing else: a browser that opens it asks no other machine.
std::string html_page(const std::string& title, const std::string& introduction, const std::vector<HtmlSection>& sections) {
  std::string text =
      str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
          "script-src 'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" content=\"thorax ",
          THORAX_VERSION, "\">\n<link rel=\"icon\" href=\"data:,\">\n<title>", html_text(title), "</title>\n<style>\n",
          report_css, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">To the content</a>\n<header><h1>",
          html_text(title), "</h1>\n", introduction, "<nav aria-label=\"Sections\"><ul>\n");
  for (const HtmlSection& s : sections) text += str("<li><a href=\"#", s.id, "\">", html_text(s.title), "</a></li>\n");
  text +=
      "</ul></nav></header>\n<main id=\"content\">\n<noscript><p>The charts need JavaScript; the tables do not.</p></noscript>\n";
  for (const HtmlSection& s : sections)
    text += str("<section id=\"", s.id, "\"><h2>", html_text(s.title), "</h2>\n", s.html, "</section>\n");
  text += "</main>\n<footer><p>Made by thorax ";
  text += str(THORAX_VERSION, ", a research tool. Not a medical device; not for diagnosis.</p></footer>\n");
  for (const std::string_view script : {report_d3, report_js}) text += str("<script>\n", script, "</script>\n");
  return text + "</body>\n</html>\n";
}

}  // namespace thorax
