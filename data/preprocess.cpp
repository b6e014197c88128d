#include "data/preprocess.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "tensor/error.h"

namespace thorax::data {

namespace {

std::string text_of(float value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

const std::string& required(const std::map<std::string, std::string>& metadata, const std::string& key) {
  const auto it = metadata.find(key);
  if (it == metadata.end()) throw Error(Fault::input, str("preprocessing: the metadata has no \"", key, "\""));
  return it->second;
}

template <class T>
T number(const std::map<std::string, std::string>& metadata, const std::string& key, T low, T high) {
  const std::string& text = required(metadata, key);
  T value{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || !(value >= low && value <= high)) {
    throw Error(Fault::input,
                str("preprocessing: \"", key, "\" is \"", text, "\", a number from ", low, " to ", high, " is expected"));
  }
  return value;
}

bool choice(const std::map<std::string, std::string>& metadata, const std::string& key, const char* yes, const char* no) {
  const std::string& text = required(metadata, key);
  if (text != yes && text != no)
    throw Error(Fault::input, str("preprocessing: \"", key, "\" is \"", text, "\", ", yes, " or ", no, " is expected"));
  return text == yes;
}

}  // namespace

std::map<std::string, std::string> to_metadata(const Recipe& r) {
  return {{"preprocess.size", std::to_string(r.size)},
          {"preprocess.fit", r.fit == Fit::stretch ? "stretch" : "pad"},
          {"preprocess.equalize", r.equalize ? "yes" : "no"},
          {"preprocess.mean", text_of(r.mean)},
          {"preprocess.std", text_of(r.std)}};
}

Recipe recipe_from_metadata(const std::map<std::string, std::string>& m) {
  Recipe r;
  // A step that this version does not know must not be left out in silence.
  const auto known = to_metadata(r);
  for (const auto& [key, value] : m) {
    if (key.rfind("preprocess.", 0) == 0 && known.count(key) == 0) {
      throw Error(Fault::input, str("preprocessing: the metadata has \"", key, "\", which this version does not know"));
    }
  }
  r.size = number<int64_t>(m, "preprocess.size", 32, 4096);
  r.fit = choice(m, "preprocess.fit", "stretch", "pad") ? Fit::stretch : Fit::pad;
  r.equalize = choice(m, "preprocess.equalize", "yes", "no");
  r.mean = number<float>(m, "preprocess.mean", 0.0F, 1.0F);
  r.std = number<float>(m, "preprocess.std", 1e-6F, 10.0F);
  return r;
}

Placed placed(int64_t height, int64_t width, const Recipe& r) {
  if (r.fit == Fit::stretch) return {0, 0, r.size, r.size};
  const int64_t longest = std::max(height, width);
  const auto scaled = [&](int64_t side) { return std::max<int64_t>(1, (side * r.size + longest / 2) / longest); };
  const int64_t h = scaled(height);
  const int64_t w = scaled(width);
  return {(r.size - h) / 2, (r.size - w) / 2, h, w};
}

std::vector<uint8_t> preprocess(const Image& image, const Recipe& r) {
  std::vector<uint8_t> plane = image.grey;
  if (r.equalize) equalize_histogram(plane.data(), plane.data(), static_cast<int64_t>(plane.size()));
  const Placed at = placed(image.height, image.width, r);
  std::vector<uint8_t> small(static_cast<size_t>(at.height * at.width));
  resize_bilinear(plane.data(), image.height, image.width, small.data(), at.height, at.width);
  if (r.fit == Fit::stretch) return small;
  std::vector<uint8_t> out(static_cast<size_t>(r.size * r.size), 0);
  for (int64_t y = 0; y < at.height; ++y)
    std::copy_n(small.begin() + y * at.width, at.width, out.begin() + (at.top + y) * r.size + at.left);
  return out;
}

}  // namespace thorax::data
