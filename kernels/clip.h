// What the whole gradient decides for the update: its norm, by what it is multiplied, and whether the step counts at all.
// Clipping by the global norm: Pascanu, Mikolov & Bengio, On the difficulty of training recurrent neural networks, ICML 2013.
#pragma once

#include <limits>

#include "kernels/loss_scale.h"
#include "kernels/sgd.h"

namespace thorax {

// A limit that no norm exceeds.
constexpr double no_limit = std::numeric_limits<double>::infinity();

// parts: [count], the sums of squares that square_sum() left for the gradients of all groups. norm: of the gradient without its
// loss scale, the sum taken in a fixed order. scalars: [groups]; each one's gradient_scale becomes what takes the scale away and
// brings a norm above the limit down to it, 1 where there is neither. scale, unless null: with a norm that is not finite all
// groups' skip is set, else cleared, and the scale follows (next_loss_scale). All of it is in memory that the stream's device can
// reach.
void clip(const Stream& stream, const double* parts, int64_t count, double limit, double* norm, SgdScalars* scalars,
          int64_t groups, LossScaleState* scale);

}  // namespace thorax
