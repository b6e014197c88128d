#include "apps/metadata.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "tensor/error.h"
#include "tensor/json.h"

namespace thorax {

std::string encode_list(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + json_quote(item);
  return '[' + text + ']';
}

std::vector<std::string> decode_list(const std::string& text) {
  const Json list = parse_json(text, "metadata", {.depth = 1});
  std::vector<std::string> items;
  for (const Json& item : list.items) items.push_back(item.text);
  const bool strings =
      std::all_of(list.items.begin(), list.items.end(), [](const Json& i) { return i.kind == Json::Kind::string; });
  if (list.kind != Json::Kind::array || !strings)
    throw Error(Fault::input, str("metadata: not a list of strings: ", text.substr(0, 60)));
  return items;
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
    throw Error(Fault::input, str("metadata: not a number: ", text.substr(0, 40)));
  }
  return value;
}

}  // namespace thorax
