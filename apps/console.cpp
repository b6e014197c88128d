#include "apps/console.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace thorax {

namespace {

bool quiet_lines = false;

bool utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return std::strstr(value, "UTF-8") != nullptr || std::strstr(value, "utf8") != nullptr;
  }
  return false;
}

}  // namespace

std::string with_commas(int64_t number) {
  std::string digits = std::to_string(number);
  const size_t sign = digits[0] == '-' ? 1 : 0;
  for (size_t at = digits.size(); at > sign + 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string human_bytes(int64_t bytes) {
  constexpr std::array<const char*, 5> units{"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < units.size()) value /= 1000.0, ++unit;
  return fixed(value, unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2) + ' ' + units[unit];
}

std::string human_seconds(double seconds) {
  const auto s = static_cast<long>(seconds + 0.5);
  std::array<char, 64> text{};
  if (s >= 3600) std::snprintf(text.data(), text.size(), "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else std::snprintf(text.data(), text.size(), "%ld:%02ld", s / 60, s % 60);
  return text.data();
}

void ProgressLine::set_quiet(bool quiet) { quiet_lines = quiet; }

ProgressLine::ProgressLine(std::string what, int64_t total)
    : what_(std::move(what)), total_(total), terminal_(isatty(STDERR_FILENO) != 0), start_(std::chrono::steady_clock::now()), last_(start_) {}

ProgressLine::~ProgressLine() { finish(); }

std::string ProgressLine::bar(int64_t done) const {
  constexpr int64_t width = 16;
  const int64_t full = total_ > 0 ? width * done / total_ : 0;
  const bool utf8 = utf8_locale();
  std::string text;
  for (int64_t i = 0; i < width; ++i) text += utf8 ? (i < full ? "\u2588" : "\u2591") : (i < full ? "#" : ".");
  return text;
}

void ProgressLine::update(int64_t done, const std::string& tail) {
  const auto now = std::chrono::steady_clock::now();
  if (first_ < 0) first_ = done;  // what was done before this line began costs no time: the rate counts from here
  const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
  if (quiet_lines || (now - last_ < pause && done < total_) || (!terminal_ && done >= total_)) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0 && done > first_ ? static_cast<double>(done - first_) / seconds : 0;
  const std::string left = rate > 0 ? human_seconds(static_cast<double>(total_ - done) / rate) + " left" : "";
  std::string counts = with_commas(done) + '/' + with_commas(total_);
  if (terminal_) {
    std::fprintf(stderr, "\r\033[K%s %s %s  %.1f/s  %s  %s", what_.c_str(), bar(done).c_str(), counts.c_str(), rate, left.c_str(), tail.c_str());
    std::fflush(stderr);
    drawn_ = true;
  } else {
    std::fprintf(stderr, "%s  %s  %.1f images/s  %s  %s\n", what_.c_str(), counts.c_str(), rate, left.c_str(), tail.c_str());
  }
}

void ProgressLine::finish() {
  if (drawn_) std::fprintf(stderr, "\r\033[K");
  drawn_ = false;
}

}  // namespace thorax
