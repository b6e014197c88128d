#include "optim/schedule.h"

#include "tensor/error.h"

namespace thorax {

double triangular(int64_t step, double base, double max, int64_t up, int64_t down) {
  const int64_t in_cycle = step % (up + down);
  const double scale = in_cycle <= up ? static_cast<double>(in_cycle) / static_cast<double>(up)
                                      : static_cast<double>(up + down - in_cycle) / static_cast<double>(down);
  return base + (max - base) * scale;
}

void check_schedule(const ScheduleOptions& o) {
  if (o.name != "triangular" && o.name != "constant") {
    throw Error(Fault::input, str("no schedule is named \"", o.name, "\""), "the schedules are: triangular, constant");
  }
  if (!(o.base >= 0) || !(o.max > 0) || o.base > o.max) {
    throw Error(Fault::input, str("the learning rates ", o.base, " to ", o.max, " make no schedule; 0 <= --lr <= --max-lr is expected"));
  }
  if (o.up < 1 || o.down < 1) throw Error(Fault::input, str("a cycle of ", o.up, " + ", o.down, " steps is too short"), "a larger --cycle-steps");
}

double learning_rate(const ScheduleOptions& o, int64_t step) {
  return o.name == "constant" ? o.max : triangular(step, o.base, o.max, o.up, o.down);
}

}  // namespace thorax
