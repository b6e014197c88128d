// The update as a step of the program: one kernel over the flat arrays of the Store.
#pragma once

#include "kernels/sgd.h"
#include "tensor/planner.h"

namespace thorax {

// Stochastic gradient descent with momentum. scalars: learning rate and so on, read in each run; must outlive the program.
void emit_sgd(Emitter& emit, Store& store, const SgdScalars* scalars);

}  // namespace thorax
