// One label as tables write it. In memory a label is a float: 0, 1, NaN where it is not known (masked: no loss, no gradient, not
// counted, not measured), or between 0 and 1 (soft: trained with, but no truth to measure against).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace thorax::data {

constexpr float unknown_label = std::numeric_limits<float>::quiet_NaN();

// What -1 means, the uncertain label of CheXpert and MIMIC-CXR (Irvin et al. 2019, U-Ignore, U-Zeros, U-Ones). smoothed: uniform
// in 0.55 to 0.85, the label smoothing of Pham et al. (arXiv 1911.06475, U-Ones+LSR).
enum class Uncertain : uint8_t { ignore, zeros, ones, smoothed };

struct LabelRules {
  Uncertain uncertain = Uncertain::ignore;
  bool empty_is_zero = false;  // else an empty cell is not known
  bool soft = false;           // whether numbers between 0 and 1 are allowed
  uint64_t seed = 1;           // of smoothed labels, which are a function of (seed, image, name)
};

// 0, 1, -1 (also 1.0, with spaces around) or empty; nullopt for anything else. image, name: whose label.
std::optional<float> read_label(const std::string& cell, const LabelRules& rules, std::string_view image, std::string_view name);

std::string trimmed(const std::string& cell);  // without spaces at both ends
std::string lower_case(std::string text);      // ASCII only

}  // namespace thorax::data
