// What a person sees while something runs: one moving line on a terminal, plain lines elsewhere; always on stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace thorax {

std::string with_commas(int64_t number);         // 3,993
std::string human_bytes(int64_t bytes);          // 1.21 GB
std::string human_seconds(double seconds);       // 5:58, 1:02:03
std::string fixed(double value, int digits);     // 0.1843

// How many of a total are done, the rate and the time left. A terminal gets one line, redrawn at most ten times a second; anything
// else one line per 10 seconds.
class ProgressLine {
 public:
  ProgressLine(std::string what, int64_t total);
  ~ProgressLine();  // leaves a clean line
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // tail: what stands behind the time left.
  void update(int64_t done, const std::string& tail);
  void finish();

  // For all lines to come: none at all.
  static void set_quiet(bool quiet);

 private:
  std::string bar(int64_t done) const;
  std::string what_;
  int64_t total_;
  int64_t first_ = -1;
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_, last_;
};

}  // namespace thorax
