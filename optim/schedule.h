// The learning rate as a function of the step: nothing is remembered, so that a resumed run needs the step's number alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thorax {

// Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017, policy "triangular"; as torch's CyclicLR. step:
// batches done so far. Rises from base (the first batch has exactly base) to max in up steps and returns in down steps, again and
// again.
double triangular(int64_t step, double base, double max, double up, double down);

struct Schedule {
  // triangular
  // triangular2  the same, each cycle half as high as the one before
  // exp_range    the same, the height times gamma^step
  // cosine       from base to max in warmup steps, then down to base along half a cosine, where the run ends
  //              (Loshchilov & Hutter, "SGDR", ICLR 2017, without restarts)
  // constant     always base
  std::string name = "triangular";
  double base = 0.001;
  double max = 0.006;
  double up = 0;  // in steps; 0: a quarter of all steps, so that a run has two whole cycles and ends at base
  double down = 0;
  double gamma = 0.99994;  // of exp_range; Smith's figure
  double warmup = 0;       // steps of cosine's rise
  double steps = 0;        // of the whole run: resolved() fills it in
};

std::vector<std::string> schedule_names();

// The schedule of a run of steps batches: up, down and steps filled in.
// Throws Error(input) when the name is unknown, a figure is negative or not finite, or the warm-up leaves no step behind it.
Schedule resolved(Schedule schedule, int64_t steps);

// schedule: as resolved() returned it.
double learning_rate(const Schedule& schedule, int64_t step);

}  // namespace thorax
