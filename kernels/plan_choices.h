// Which of a library's plans was the fastest for a problem: found by timing, kept as text.
#pragma once

#include <map>
#include <string>

namespace thorax {

class PlanChoices {
 public:
  struct Choice {
    std::string plan;
    double seconds = 0;
  };

  // Null: not known.
  const Choice* find(const std::string& problem) const;
  void add(const std::string& problem, const Choice& choice) { choices_[problem] = choice; }
  size_t size() const { return choices_.size(); }

  // A line a problem, sorted: problem, plan, microseconds, with tabs between.
  std::string text() const;
  // Adds what such a text says of problems that are not known yet. Lines of another form are left out: a plan is timed anew where
  // nothing is known of it.
  void read(const std::string& text);

 private:
  std::map<std::string, Choice> choices_;
};

}  // namespace thorax
