#include <algorithm>

#include "apps/flags.h"
#include "apps/printable.h"

namespace thorax {

namespace {

constexpr size_t line_columns = 80;
constexpr size_t help_begins_at = 29;

// The words of a text in lines of at most line_columns, all but the first indented. used: columns that stand in the first
// already.
std::string wrapped(const std::string& text, size_t used, size_t indent) {
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    const bool first_in_line = out.empty() || out.back() == '\n' || out.back() == ' ';
    const size_t needed = columns(word) + (first_in_line ? 0 : 1);
    if (used + needed > line_columns && used > indent) {
      out += '\n' + std::string(indent, ' ') + word;
      used = indent + columns(word);
    } else {
      out += (first_in_line ? "" : " ") + word;
      used += needed;
    }
    at = end + 1;
  }
  return out;
}

std::string line_of(const std::string& left, const std::string& text) {
  std::string head = "  " + left;
  if (columns(head) + 2 > help_begins_at) {
    head += '\n' + std::string(help_begins_at, ' ');
  } else {
    head.append(help_begins_at - columns(head), ' ');
  }
  return head + wrapped(text, help_begins_at, help_begins_at) + '\n';
}

}  // namespace

std::string Flag::letter() const {
  return name == "out" ? "-o" : name == "quiet" ? "-q" : "";
}

std::vector<std::string> Flag::choices() const {
  std::vector<std::string> all;
  const bool lists = value_name.find('|') != std::string::npos &&
                     std::none_of(value_name.begin(), value_name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  for (size_t at = 0; lists && at <= value_name.size();) {
    const size_t end = std::min(value_name.find('|', at), value_name.size());
    all.push_back(value_name.substr(at, end - at));
    at = end + 1;
  }
  return all;
}

std::string Flags::help() const {
  std::string out = "thorax " + verb_ + (usage_.empty() ? "" : ' ' + usage_) + '\n' + wrapped(summary_, 0, 0) + "\n\nexamples\n";
  for (const std::string& example : examples_) out += "  " + example + '\n';
  out += "\nflags\n";
  for (const Flag& f : flags_) {
    const std::string letter = f.letter().empty() ? "    " : f.letter() + ", ";
    std::string text = f.help;
    if (!f.default_value.empty()) text += (text.empty() ? "[" : " [") + f.default_value + ']';
    out += line_of(letter + "--" + f.name + (f.value_name.empty() ? "" : ' ' + f.value_name), text);
  }
  out += line_of("    --no-color", "no colour, as with NO_COLOR in the environment");
  return out + line_of("-h, --help", "this page");
}

}  // namespace thorax
