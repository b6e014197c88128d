// How a GPU's libraries choose the plans of a queue. queue.library<Planning>() is its own.
#pragma once

#include "kernels/plan_choices.h"

namespace thorax {

class Queue;

struct Planning {
  Planning() = default;
  explicit Planning(Queue&) {}

  bool tensor_float = false;  // fp32 operands may be rounded to TF32 for the tensor cores
  bool any_order = false;     // sums whose order, and so whose last bits, may differ from run to run
  bool timed = false;         // plans for problems without a choice are timed and the fastest chosen; else the library's first
  PlanChoices choices;
};

}  // namespace thorax
