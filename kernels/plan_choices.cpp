#include "kernels/plan_choices.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <sstream>

#include "tensor/error.h"

namespace thorax {

const PlanChoices::Choice* PlanChoices::find(const std::string& problem) const {
  const auto known = choices_.find(problem);
  return known == choices_.end() ? nullptr : &known->second;
}

std::string PlanChoices::text() const {
  std::string all;
  for (const auto& [problem, choice] : choices_)
    all += str(problem, '\t', choice.plan, '\t', std::llround(choice.seconds * 1e6), '\n');
  return all;
}

void PlanChoices::read(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find('\t'), last = line.rfind('\t');
    if (first == std::string::npos || first == 0 || last <= first + 1) continue;
    long microseconds = 0;
    const char* const end = line.data() + line.size();
    const auto [stopped, error] = std::from_chars(line.data() + last + 1, end, microseconds);
    if (error != std::errc{} || stopped != end || microseconds < 0) continue;
    choices_.emplace(line.substr(0, first),
                     Choice{line.substr(first + 1, last - first - 1), static_cast<double>(microseconds) * 1e-6});
  }
}

}  // namespace thorax
