// Learning rates as functions of the step alone, so that a resumed run needs no state.
#pragma once

#include <cstdint>
#include <string>

namespace thorax {

// Smith, "Cyclical learning rates for training neural networks" (WACV 2017), policy "triangular", as PyTorch's CyclicLR computes it:
// base at step 0, max at step `up`, base again at step up + down, and so on. step: batches done.
double triangular(int64_t step, double base, double max, int64_t up, int64_t down);

struct ScheduleOptions {
  std::string name = "triangular";  // or "constant", which is max
  double base = 0.001;
  double max = 0.006;
  int64_t up = 1;
  int64_t down = 1;
};

// Throws Error(input) for an unknown name or a rate or length that makes no sense.
void check_schedule(const ScheduleOptions& options);
double learning_rate(const ScheduleOptions& options, int64_t step);

}  // namespace thorax
