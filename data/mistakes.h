// All mistakes of a table, shown together.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tensor/error.h"

namespace thorax::data {

class Mistakes {
 public:
  explicit Mistakes(std::string table) : table_(std::move(table)) {}

  template <class... Parts>
  void add(int64_t line, const Parts&... parts) {
    ++count_;
    shown_.emplace(line, str(parts...));
    if (shown_.size() > most_shown) shown_.erase(std::prev(shown_.end()));
  }

  // Error(input): the first 20 by line, and the count of the rest.
  void throw_if_any() const {
    if (count_ == 0) return;
    std::string text = count_ == 1 ? table_ + ": " : str(table_, ": ", count_, " mistakes:");
    for (const auto& [line, what] : shown_) text += str(count_ == 1 ? "" : "\n  ", "line ", line, ": ", what);
    if (count_ > most_shown) text += str("\n  and ", count_ - most_shown, " more");
    throw Error(Fault::input, text);
  }

 private:
  static constexpr size_t most_shown = 20;
  std::string table_;
  size_t count_ = 0;
  std::multimap<int64_t, std::string> shown_;
};

// A text within a message: not endless. No UTF-8 character is cut in two.
inline std::string clipped(const std::string& text) {
  constexpr size_t longest = 40;
  if (text.size() <= longest) return text;
  size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

// Names within a message, comma-separated: neither one of them nor the list is endless.
inline std::string listed(const std::vector<std::string>& names) {
  constexpr size_t longest = 400;
  std::string all;
  for (const std::string& name : names) {
    if (all.size() > longest) return all + ", ...";
    all += (all.empty() ? "" : ", ") + clipped(name);
  }
  return all;
}

// A cell within a message: in quotes, not endless, and without control characters.
inline std::string quoted(const std::string& cell) {
  std::string text = clipped(cell);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return '"' + text + '"';
}

}  // namespace thorax::data
