// A small strict JSON reader (RFC 8259) for what may be hostile: bounded depth and number of values, duplicate keys, invalid
// UTF-8, lone surrogates and trailing text refused. And the two primitives of writing JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thorax {

struct Json {
  enum class Kind : uint8_t { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  std::string text;               // a string, decoded; a number or boolean as it was written
  std::vector<Json> items;        // of an array; of an object: its values
  std::vector<std::string> keys;  // of an object, in the order of the file, beside items

  const Json* find(std::string_view key) const;  // in an object; nullptr when it is not there
  // Nothing when it is not of that kind: an integer has neither point nor exponent and fits int64.
  std::optional<int64_t> integer() const;
  std::optional<double> number() const;  // null is NaN, as json_number writes it
};

struct JsonLimits {
  int depth = 32;           // an object or array at the top is depth 1
  size_t values = 2000000;  // objects, arrays, strings, numbers, ... in all
};

// where: the name of the file, for the error (Fault::input, with the offset in bytes).
Json parse_json(std::string_view text, std::string_view where, const JsonLimits& limits = {});

std::string json_quote(std::string_view utf8);
// The shortest form that reads back as the same double, whole numbers below 2^53 without exponent; null for NaN and infinities,
// which JSON does not have.
std::string json_number(double value);

bool valid_utf8(std::string_view text);

}  // namespace thorax
