#include "optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tensor/error.h"

namespace thorax {

namespace {

// Whole cycles that lie behind step.
double cycles(int64_t step, double up, double down) {
  return std::floor(static_cast<double>(step) / (up + down));
}

double cosine(const Schedule& s, int64_t step) {
  const auto at = static_cast<double>(step);
  if (at < s.warmup) return s.base + (s.max - s.base) * (at / s.warmup);
  const double part = (at - s.warmup) / (s.steps - s.warmup);
  return s.base + (s.max - s.base) * (1 + std::cos(std::numbers::pi * std::min(part, 1.0))) / 2;
}

}  // namespace

double triangular(int64_t step, double base, double max, double up, double down) {
  // fmod is exact: the same place in the cycle gives the same rate, however far the run is.
  const double place = std::fmod(static_cast<double>(step), up + down);
  const double height = place <= up ? place / up : (up + down - place) / down;
  return base + (max - base) * height;
}

std::vector<std::string> schedule_names() {
  return {"triangular", "triangular2", "exp_range", "cosine", "constant"};
}

Schedule resolved(Schedule schedule, int64_t steps) {
  const std::vector<std::string> names = schedule_names();
  if (std::find(names.begin(), names.end(), schedule.name) == names.end())
    throw Error(Fault::input, str("unknown schedule '", schedule.name, "'"),
                "the schedules are triangular, triangular2, exp_range, cosine, constant");
  for (const double value : {schedule.base, schedule.max, schedule.up, schedule.down, schedule.gamma, schedule.warmup})
    if (!std::isfinite(value) || value < 0)
      throw Error(Fault::input, str("schedule ", schedule.name, ": ", value, " is not a rate or a number of steps"));
  if (schedule.name == "cosine" && schedule.warmup >= static_cast<double>(steps))
    throw Error(Fault::input, str("a warm-up of ", schedule.warmup, " steps leaves nothing of a run of ", steps),
                "--warmup-steps takes a smaller number");
  // At least one step each way, so that the shortest run has a cycle.
  const double quarter = steps < 4 ? 1.0 : static_cast<double>(steps) / 4;
  if (schedule.up == 0) schedule.up = quarter;
  if (schedule.down == 0) schedule.down = quarter;
  schedule.steps = static_cast<double>(steps);
  return schedule;
}

double learning_rate(const Schedule& s, int64_t step) {
  if (s.name == "constant") return s.base;
  if (s.name == "cosine") return cosine(s, step);
  double top = s.max;
  if (s.name == "triangular2") top = s.base + (s.max - s.base) * std::exp2(-cycles(step, s.up, s.down));
  if (s.name == "exp_range") top = s.base + (s.max - s.base) * std::pow(s.gamma, static_cast<double>(step));
  return triangular(step, s.base, top, s.up, s.down);
}

}  // namespace thorax
