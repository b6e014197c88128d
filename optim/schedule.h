// The learning rate as a function of the step: nothing is remembered, so that a resumed run needs the step's number alone.
#pragma once

#include <cstdint>
#include <string>

namespace thorax {

// Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017, policy "triangular"; as torch's CyclicLR. step:
// batches done so far. Rises from base (the first batch has exactly base) to max in up steps and returns in down steps, again and
// again.
double triangular(int64_t step, double base, double max, double up, double down);

struct Schedule {
  std::string name = "triangular";  // triangular, or constant: always base
  double base = 0.001;
  double max = 0.006;
  double up = 0;  // in steps; 0: a quarter of all steps, so that a run has two whole cycles and ends at base
  double down = 0;
};

// The schedule of a run of steps batches: up and down filled in where they are 0.
// Throws Error(input) when the name is unknown or a figure is negative or not finite.
Schedule resolved(Schedule schedule, int64_t steps);

// schedule: as resolved() returned it.
double learning_rate(const Schedule& schedule, int64_t step);

}  // namespace thorax
