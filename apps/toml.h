// The one door to toml++: a flat table of values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace thorax {

struct TomlValue {
  std::string text;  // of a string, number or boolean; an array of strings becomes "a","b"
  bool is_boolean = false;
  int64_t line = 0;
};

// Throws Error(input) with the line: larger than 1 MiB, not TOML, a key twice, a table or another nested value.
std::map<std::string, TomlValue> read_toml(const std::filesystem::path& file);

// The text as a TOML string. Throws Error(input) when it is not UTF-8.
std::string toml_string(const std::string& text);

}  // namespace thorax
