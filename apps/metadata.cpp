#include "apps/metadata.h"

#include <array>
#include <charconv>
#include <cmath>

#include "tensor/error.h"

namespace thorax {

std::string encode_list(const std::vector<std::string>& items) {
  std::string text = "[";
  for (const std::string& item : items) {
    if (text.size() > 1) text += ", ";
    text += '"';
    for (char c : item) {
      if (c == '"' || c == '\\') text += '\\';
      if (static_cast<unsigned char>(c) < 0x20) {
        constexpr const char* hex = "0123456789abcdef";
        text += std::string("\\u00") + hex[(c >> 4) & 15] + hex[c & 15];
      } else {
        text += c;
      }
    }
    text += '"';
  }
  return text + "]";
}

std::vector<std::string> decode_list(const std::string& text) {
  const auto wrong = [&] { return Error(Fault::input, str("not a list of strings: ", text.substr(0, 60))); };
  std::vector<std::string> items;
  size_t at = 0;
  const auto blank = [&] { while (at < text.size() && text[at] == ' ') ++at; };
  const auto expect = [&](char c) {
    blank();
    if (at >= text.size() || text[at] != c) throw wrong();
    ++at;
  };
  const auto string = [&] {
    std::string item;
    for (expect('"'); at < text.size() && text[at] != '"'; ++at) {
      if (text[at] != '\\') {
        item += text[at];
      } else if (at + 5 < text.size() && text[at + 1] == 'u') {
        unsigned code = 0;
        const auto end = text.data() + at + 6;
        if (std::from_chars(text.data() + at + 2, end, code, 16).ptr != end || code > 0x1f) throw wrong();
        item += static_cast<char>(code);
        at += 5;
      } else if (at + 1 < text.size()) {
        item += text[++at];
      }
    }
    expect('"');
    return item;
  };
  expect('[');
  blank();
  if (at < text.size() && text[at] == ']') return items;
  for (;;) {
    items.push_back(string());
    blank();
    if (at < text.size() && text[at] == ']') return items;
    expect(',');
  }
}

std::string encode_number(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

double decode_number(const std::string& text) {
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || std::isnan(value)) {
    throw Error(Fault::input, str("not a number: ", text.substr(0, 40)));
  }
  return value;
}

}  // namespace thorax
