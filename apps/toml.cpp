#include "apps/toml.h"

#include <fstream>
#include <sstream>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>
#pragma GCC diagnostic pop

#include "apps/metadata.h"
#include "tensor/error.h"

namespace thorax {

namespace {

TomlValue value_of(const toml::node& node, const std::string& where) {
  TomlValue v;
  v.line = static_cast<int64_t>(node.source().begin.line);
  if (const auto* s = node.as_string()) v.text = s->get();
  else if (const auto* i = node.as_integer()) v.text = std::to_string(i->get());
  else if (const auto* d = node.as_floating_point()) v.text = encode_number(d->get());
  else if (const auto* b = node.as_boolean()) v.text = b->get() ? "true" : "false", v.is_boolean = true;
  else if (const auto* a = node.as_array()) {
    for (const toml::node& item : *a) {
      const auto* text = item.as_string();
      if (text == nullptr) throw Error(Fault::input, str(where, ": line ", v.line, ": an array of strings is expected"));
      v.text += (v.text.empty() ? "\"" : ",\"") + text->get() + '"';
    }
  } else {
    throw Error(Fault::input, str(where, ": line ", v.line, ": a string, number, boolean or array of strings is expected"));
  }
  return v;
}

}  // namespace

std::map<std::string, TomlValue> read_toml(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) throw Error(Fault::input, str(file.string(), ": no such file"));
  if (std::filesystem::file_size(file, error) > (1U << 20)) throw Error(Fault::input, str(file.string(), ": larger than 1 MiB"));
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  try {
    const toml::table table = toml::parse(text.str());
    std::map<std::string, TomlValue> values;
    for (const auto& [key, node] : table) values[std::string(key.str())] = value_of(node, file.string());
    return values;
  } catch (const toml::parse_error& e) {
    throw Error(Fault::input, str(file.string(), ": line ", e.source().begin.line, ": ", e.description()));
  }
}

std::string toml_string(const std::string& text) {
  const std::string listed = encode_list({text});  // JSON's escapes are TOML's
  return listed.substr(1, listed.size() - 2);
}

}  // namespace thorax
