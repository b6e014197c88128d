#include "data/label.h"

#include <charconv>

#include "data/streams.h"
#include "tensor/checksum.h"

namespace thorax::data {

namespace {

// By name, not by place in the table: the same label after rows were sorted or left out.
float smoothed(const LabelRules& rules, std::string_view image, std::string_view name) {
  Xxh64 hash;
  hash.update(std::as_bytes(std::span(image)));
  hash.update(std::as_bytes(std::span("\n", 1)));
  hash.update(std::as_bytes(std::span(name)));
  return Rng(rules.seed, stream(Purpose::uncertain)).uniform(hash.digest(), 0.55F, 0.85F);
}

}  // namespace

std::optional<float> read_label(const std::string& cell, const LabelRules& rules, std::string_view image, std::string_view name) {
  const std::string text = trimmed(cell);
  if (text.empty()) return rules.empty_is_zero ? 0.0F : unknown_label;
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  if (value == -1) {
    switch (rules.uncertain) {
      case Uncertain::ignore: return unknown_label;
      case Uncertain::zeros: return 0.0F;
      case Uncertain::ones: return 1.0F;
      case Uncertain::smoothed: return smoothed(rules, image, name);
    }
  }
  const bool allowed = value == 0 || value == 1 || (rules.soft && value > 0 && value < 1);
  return allowed ? std::optional(static_cast<float>(value)) : std::nullopt;
}

std::string trimmed(const std::string& cell) {
  const size_t first = cell.find_first_not_of(' ');
  return first == std::string::npos ? std::string() : cell.substr(first, cell.find_last_not_of(' ') - first + 1);
}

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace thorax::data
