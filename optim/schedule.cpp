#include "optim/schedule.h"

#include <cmath>

#include "tensor/error.h"

namespace thorax {

double triangular(int64_t step, double base, double max, double up, double down) {
  // fmod is exact: the same place in the cycle gives the same rate, however far the run is.
  const double place = std::fmod(static_cast<double>(step), up + down);
  const double height = place <= up ? place / up : (up + down - place) / down;
  return base + (max - base) * height;
}

Schedule resolved(Schedule schedule, int64_t steps) {
  if (schedule.name != "triangular" && schedule.name != "constant")
    throw Error(Fault::input, str("unknown schedule '", schedule.name, "'"), "the schedules are triangular, constant");
  for (const double value : {schedule.base, schedule.max, schedule.up, schedule.down})
    if (!std::isfinite(value) || value < 0)
      throw Error(Fault::input, str("schedule ", schedule.name, ": ", value, " is not a rate or a number of steps"));
  // At least one step each way, so that the shortest run has a cycle.
  const double quarter = steps < 4 ? 1.0 : static_cast<double>(steps) / 4;
  if (schedule.up == 0) schedule.up = quarter;
  if (schedule.down == 0) schedule.down = quarter;
  return schedule;
}

double learning_rate(const Schedule& schedule, int64_t step) {
  if (schedule.name == "constant") return schedule.base;
  return triangular(step, schedule.base, schedule.max, schedule.up, schedule.down);
}

}  // namespace thorax
