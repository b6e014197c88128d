// What a person sees while something runs: one moving line on a terminal, plain lines elsewhere; always on stderr.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace thorax {

std::string with_commas(int64_t number);      // 3,993
std::string human_bytes(int64_t bytes);       // 1.21 GB
std::string human_seconds(double seconds);    // 5:58, 1:02:03; "?" for what is no length of time
std::string fixed(double value, int digits);  // 0.1843

// Colour on stderr, only where that is a terminal, and never as the only carrier of a meaning. NO_COLOR (any value but an empty
// one), TERM=dumb and --no-color turn it off.
enum class Paint { bold, red, green };
std::string painted(Paint paint, const std::string& text);
void set_color(bool allowed);

// "thorax: what", and below it, indented, what there is to do. Each line on its own: names of files and columns come from outside
// and must not steer the terminal.
std::string error_text(const std::string& what, const std::string& hint);

// How far something is.
struct ProgressView {
  std::string what;  // "epoch  3/10"
  int64_t done = 0;
  int64_t total = 0;
  double rate = 0;   // per second; 0: not known yet
  std::string tail;  // stands behind the time left
};

// For a terminal: as much of  what  bar  done/total  rate  time left  tail  as fits; the bar takes what is left over, and is the
// first to go. For a file (width 0): all of it, without a bar.
std::string progress_text(const ProgressView& view, size_t width, bool utf8);

// How many images of a total are done, the rate and the time left. A terminal gets one line, redrawn at most ten times a second;
// anything else one line per 10 seconds.
class ProgressLine {
 public:
  ProgressLine(std::string what, int64_t total);
  ~ProgressLine();  // leaves a clean line
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void update(int64_t done, const std::string& tail);
  void finish();

  // For all lines to come: none at all.
  static void set_quiet(bool quiet);

 private:
  using Clock = std::chrono::steady_clock;
  ProgressView view_;
  bool terminal_;
  bool drawn_ = false;
  // What is done before the first update costs time that says nothing about the rest (fresh memory, a resumed run): the rate
  // counts from there.
  int64_t first_ = -1;
  Clock::time_point start_, last_;
};

}  // namespace thorax
