#include "apps/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "apps/printable.h"

namespace thorax {

namespace {

bool quiet_lines = false;
bool color_allowed = true;

bool set_and_not_empty(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool color_wanted() {
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::strcmp(term, "dumb") == 0;
  return color_allowed && !dumb && !set_and_not_empty("NO_COLOR") && isatty(STDERR_FILENO) != 0;
}

bool utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {  // in the order in which they count
    if (!set_and_not_empty(name)) continue;
    const char* value = std::getenv(name);
    return std::strstr(value, "UTF-8") != nullptr || std::strstr(value, "utf8") != nullptr;
  }
  return false;
}

size_t terminal_columns() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20;
  return known ? size.ws_col : 80;
}

std::string bar(const ProgressView& view, size_t width, bool utf8) {
  const double part = view.total > 0 ? static_cast<double>(view.done) / static_cast<double>(view.total) : 0.0;
  const auto full = static_cast<size_t>(std::fmin(std::fmax(part, 0.0), 1.0) * static_cast<double>(width));
  std::string text;
  for (size_t i = 0; i < width; ++i) text += utf8 ? (i < full ? "\u2588" : "\u2591") : (i < full ? "#" : ".");
  return text;
}

}  // namespace

std::string with_commas(int64_t number) {
  std::string digits = std::to_string(number);
  const size_t sign = digits[0] == '-' ? 1 : 0;
  for (size_t at = digits.size(); at > sign + 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string fixed(double value, int digits) {
  std::string text(static_cast<size_t>(std::snprintf(nullptr, 0, "%.*f", digits, value)) + 1, '\0');
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  text.pop_back();
  // What rounds to zero has no sign.
  return text[0] == '-' && text.find_first_not_of("-0.") == std::string::npos ? text.substr(1) : text;
}

std::string human_bytes(int64_t bytes) {
  constexpr std::array<const char*, 6> units{"B", "kB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < units.size()) {
    value /= 1000.0;
    ++unit;
  }
  return fixed(value, unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2) + ' ' + units[unit];
}

std::string human_seconds(double seconds) {
  constexpr double years = 1e9;
  if (!(seconds >= 0 && seconds < years)) return "?";
  const long s = std::lround(seconds);
  std::array<char, 64> text{};
  if (s >= 3600) {
    std::snprintf(text.data(), text.size(), "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  } else {
    std::snprintf(text.data(), text.size(), "%ld:%02ld", s / 60, s % 60);
  }
  return text.data();
}

std::string painted(Paint paint, const std::string& text) {
  constexpr std::array<const char*, 3> codes{"\033[1m", "\033[1;31m", "\033[32m"};
  return color_wanted() ? codes[static_cast<size_t>(paint)] + text + "\033[0m" : text;
}

void set_color(bool allowed) {
  color_allowed = allowed;
}

std::string error_text(const std::string& what, const std::string& hint) {
  std::string text = painted(Paint::red, "thorax:") + ' ';
  const std::string all = hint.empty() ? what : what + "\n        " + hint;
  for (size_t at = 0; at < all.size();) {
    const size_t end = std::min(all.find('\n', at), all.size());
    text += printable(all.substr(at, end - at)) + '\n';
    at = end + 1;
  }
  return text;
}

std::string progress_text(const ProgressView& view, size_t width, bool utf8) {
  constexpr size_t shortest_bar = 4;
  constexpr size_t longest_bar = 24;
  std::string rest = with_commas(view.done) + '/' + with_commas(view.total);
  if (view.rate > 0) {
    rest += "  " + fixed(view.rate, 1) + (width > 0 && width < 100 ? "/s" : " images/s");
    rest += "  " + human_seconds(static_cast<double>(view.total - view.done) / view.rate) + " left";
  }
  if (!view.tail.empty()) rest += "  " + view.tail;
  if (width == 0) return view.what + "  " + rest;
  // The last column stays empty: many terminals wrap as soon as it is written. Rate and time left have their place from the
  // start, so that the bar does not jump.
  const size_t kept_free = 1 + (view.rate > 0 ? 0 : 19);
  const size_t used = columns(view.what) + 2 + columns(rest) + 2 + kept_free;
  if (used + shortest_bar > width) return shortened(view.what + "  " + rest, width - 1);
  return view.what + "  " + bar(view, std::min(longest_bar, width - used), utf8) + "  " + rest;
}

void ProgressLine::set_quiet(bool quiet) {
  quiet_lines = quiet;
}

ProgressLine::ProgressLine(std::string what, int64_t total)
    : terminal_(isatty(STDERR_FILENO) != 0), start_(Clock::now()), last_(start_) {
  view_.what = std::move(what);
  view_.total = total;
}

ProgressLine::~ProgressLine() {
  finish();
}

void ProgressLine::update(int64_t done, const std::string& tail) {
  const auto now = Clock::now();
  if (first_ < 0) {
    first_ = done;
    start_ = now;
  }
  const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
  if (quiet_lines || done >= view_.total || now - last_ < pause) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  view_.done = done;
  view_.rate = seconds > 0 && done > first_ ? static_cast<double>(done - first_) / seconds : 0;
  view_.tail = tail;
  const std::string text = progress_text(view_, terminal_ ? terminal_columns() : 0, utf8_locale());
  std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "%s\n", text.c_str());
  std::fflush(stderr);
  drawn_ = terminal_;
}

void ProgressLine::finish() {
  if (drawn_) std::fprintf(stderr, "\r\033[K");
  drawn_ = false;
}

}  // namespace thorax
