#include "apps/toml.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#define TOML_HEADER_ONLY 1
#define TOML_MAX_NESTED_VALUES 8
#include <toml++/toml.h>
#pragma GCC diagnostic pop

#include "apps/metadata.h"
#include "tensor/error.h"
#include "tensor/json.h"

namespace thorax {

namespace {

constexpr uintmax_t most_bytes = 1U << 20;
constexpr int most_dots = 32;

std::string read_text(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) throw Error(Fault::input, str(file.string(), ": no such file"));
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw Error(Fault::input, str(file.string(), ": cannot be read"));
  std::string text(most_bytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(stream.gcount()));
  if (text.size() > most_bytes) throw Error(Fault::input, str(file.string(), ": larger than 1 MiB; a configuration is expected"));
  return text;
}

// The parser recurses once per part of a dotted key and bounds only arrays and tables: a line of dots would exhaust the stack.
// Dots within quotes do not count; a quote that stays open at the end of a line (a string of several lines) closes there.
void refuse_deep_keys(const std::string& text, const std::string& where) {
  int64_t line = 1;
  int dots = 0;
  char quote = 0;
  bool comment = false;
  for (const char c : text) {
    if (c == '\n') {
      ++line;
      dots = 0;
      quote = 0;
      comment = false;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      if (!comment) quote = c;
    } else if (c == '#') {
      comment = true;
    } else if (c == '.' && !comment && ++dots > most_dots) {
      throw Error(Fault::input, str(where, ": line ", line, ": nested too deep; every key stands alone here"));
    }
  }
}

// As --labels takes it: parts in quotes, with commas between them.
std::string list_text(const toml::array& array, const std::string& where) {
  std::string text;
  for (const toml::node& item : array) {
    const auto* part = item.as_string();
    if (part == nullptr) throw Error(Fault::input, str(where, "an array of strings is expected"));
    if (part->get().find('"') != std::string::npos) throw Error(Fault::input, str(where, "a quote within a name cannot be kept"));
    text += (text.empty() ? "\"" : ",\"") + part->get() + '"';
  }
  return text;
}

TomlValue value_of(const toml::node& node, const std::string& file) {
  TomlValue v;
  v.line = static_cast<int64_t>(node.source().begin.line);
  const std::string where = str(file, ": line ", v.line, ": ");
  if (const auto* text = node.as_string()) {
    v.text = text->get();
  } else if (const auto* whole = node.as_integer()) {
    v.text = std::to_string(whole->get());
  } else if (const auto* real = node.as_floating_point()) {
    v.text = encode_number(real->get());
  } else if (const auto* truth = node.as_boolean()) {
    v.text = truth->get() ? "true" : "false";
    v.is_boolean = true;
  } else if (const auto* array = node.as_array()) {
    v.text = list_text(*array, where);
  } else {
    throw Error(Fault::input, str(where, "a string, number, boolean or array of strings is expected"));
  }
  return v;
}

}  // namespace

std::map<std::string, TomlValue> read_toml(const std::filesystem::path& file) {
  const std::string text = read_text(file);
  refuse_deep_keys(text, file.string());
  try {
    const toml::table table = toml::parse(text);
    std::map<std::string, TomlValue> values;
    for (const auto& [key, node] : table) values[std::string(key.str())] = value_of(node, file.string());
    return values;
  } catch (const toml::parse_error& e) {
    throw Error(Fault::input, str(file.string(), ": line ", e.source().begin.line, ": ", e.description()));
  }
}

std::string toml_string(const std::string& text) {
  if (!valid_utf8(text)) throw Error(Fault::input, "a value that is not UTF-8 cannot be kept in a configuration: " + text);
  return json_quote(text);  // JSON's escapes are TOML's
}

}  // namespace thorax
