#include "tensor/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "tensor/error.h"

namespace thorax {
namespace {

// The length of the well-formed UTF-8 sequence at the start (no overlong forms, no surrogates, at most U+10FFFF), else 0.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f)) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f)) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

void append_utf8(std::string& out, uint32_t code) {
  const auto put = [&](uint32_t b) { out.push_back(static_cast<char>(b)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3f));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view where, const JsonLimits& limits)
      : text_(text), where_(where), depth_left_(limits.depth), values_left_(limits.values) {}

  Json document() {
    Json value = parse_value();
    skip_space();
    if (at_ != text_.size()) fail("text after the end");
    return value;
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw Error(Fault::input, str(where_, ": not the JSON that was expected: byte ", at_, ": ", what));
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }

  Json parse_value() {
    if (values_left_-- == 0) fail("too many values");
    skip_space();
    Json value;
    switch (peek()) {
      case '{': parse_object(value); break;
      case '[': parse_array(value); break;
      case '"':
        value.kind = Json::Kind::string;
        value.text = parse_string();
        break;
      case 't': parse_word(value, Json::Kind::boolean, "true"); break;
      case 'f': parse_word(value, Json::Kind::boolean, "false"); break;
      case 'n': parse_word(value, Json::Kind::null, "null"); break;
      default: parse_number(value);
    }
    return value;
  }

  void parse_word(Json& value, Json::Kind kind, std::string_view word) {
    if (text_.substr(at_, word.size()) != word) fail("an unknown word");
    at_ += word.size();
    value.kind = kind;
    if (kind == Json::Kind::boolean) value.text = word;
  }

  void digits() {
    const size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    if (at_ == start) fail("a value or a digit was expected");
  }

  void parse_number(Json& value) {
    const size_t start = at_;
    take('-');
    if (!take('0')) digits();
    if (take('.')) digits();
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      digits();
    }
    value.kind = Json::Kind::number;
    value.text = text_.substr(start, at_ - start);
  }

  void parse_array(Json& value) {
    enter();
    value.kind = Json::Kind::array;
    skip_space();
    if (!take(']')) {
      do {
        value.items.push_back(parse_value());
        skip_space();
      } while (take(','));
      if (!take(']')) fail("',' or ']' was expected");
    }
    ++depth_left_;
  }

  void parse_object(Json& value) {
    enter();
    value.kind = Json::Kind::object;
    skip_space();
    if (!take('}')) {
      do {
        skip_space();
        if (peek() != '"') fail("a key was expected");
        value.keys.push_back(parse_string());
        skip_space();
        if (!take(':')) fail("':' was expected");
        value.items.push_back(parse_value());
        skip_space();
      } while (take(','));
      if (!take('}')) fail("',' or '}' was expected");
      refuse_duplicates(value.keys);
    }
    ++depth_left_;
  }

  void enter() {
    if (depth_left_-- == 0) fail("nested too deeply");
    ++at_;
  }

  void refuse_duplicates(const std::vector<std::string>& keys) const {
    std::vector<std::string_view> sorted(keys.begin(), keys.end());
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) fail("the same key twice in one object");
  }

  std::string parse_string() {
    ++at_;
    std::string out;
    for (;;) {
      if (at_ >= text_.size()) fail("a string without an end");
      const char c = text_[at_];
      if (c == '"') break;
      if (static_cast<unsigned char>(c) < 0x20) fail("a control character in a string");
      if (c == '\\') {
        ++at_;
        parse_escape(out);
        continue;
      }
      const size_t n = utf8_length(text_.substr(at_, 4));
      if (n == 0) fail("invalid UTF-8");
      out.append(text_.substr(at_, n));
      at_ += n;
    }
    ++at_;
    return out;
  }

  void parse_escape(std::string& out) {
    constexpr std::string_view escapes = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (take('u')) {
      uint32_t code = hex4();
      if (code >= 0xdc00 && code <= 0xdfff) fail("a lone surrogate");
      if (code >= 0xd800 && code <= 0xdbff) {
        if (!take('\\') || !take('u')) fail("a lone surrogate");
        const uint32_t low = hex4();
        if (low < 0xdc00 || low > 0xdfff) fail("a lone surrogate");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      }
      append_utf8(out, code);
      return;
    }
    const size_t which = escapes.find(peek());
    if (at_ >= text_.size() || which == std::string_view::npos) fail("an unknown escape");
    out.push_back(meanings[which]);
    ++at_;
  }

  uint32_t hex4() {
    uint32_t code = 0;
    const std::string_view four = text_.substr(at_, 4);
    const auto [end, error] = std::from_chars(four.data(), four.data() + four.size(), code, 16);
    if (four.size() < 4 || error != std::errc() || end != four.data() + 4) fail("four hexadecimal digits were expected");
    at_ += 4;
    return code;
  }

  std::string_view text_;
  std::string_view where_;
  size_t at_ = 0;
  int depth_left_;
  size_t values_left_;
};

}  // namespace

const Json* Json::find(std::string_view key) const {
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == key) return &items[i];
  }
  return nullptr;
}

std::optional<int64_t> Json::integer() const {
  int64_t value = 0;
  if (kind != Kind::number) return std::nullopt;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last) return std::nullopt;
  return value;
}

std::optional<double> Json::number() const {
  if (kind == Kind::null) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  if (kind != Kind::number) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

Json parse_json(std::string_view text, std::string_view where, const JsonLimits& limits) {
  return Parser(text, where, limits).document();
}

std::string json_quote(std::string_view utf8) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (byte < 0x20 || byte == 0x7f) {
          out += "\\u00";
          out += hex[byte >> 4];
          out += hex[byte & 15U];
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

std::string json_number(double value) {
  if (!std::isfinite(value)) return "null";
  char digits[32];
  // 100000 rather than 1e+05: other programs read the latter as a floating-point column. -0 keeps its sign.
  const bool integer = std::abs(value) < 0x1p53 && std::trunc(value) == value && !(value == 0 && std::signbit(value));
  const auto [end, error] = integer ? std::to_chars(digits, digits + sizeof digits, static_cast<int64_t>(value))
                                    : std::to_chars(digits, digits + sizeof digits, value);
  if (error != std::errc()) throw Error(Fault::defect, "json_number: the buffer is too short");
  return {digits, end};
}

bool valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t n = utf8_length(text.substr(0, 4));
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

}  // namespace thorax
