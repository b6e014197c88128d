#include "losses/focal.h"

#include <cmath>

#include "tensor/error.h"

namespace thorax {

void add_focal(LossTable& table, double gamma, double scale) {
  if (!(gamma >= 0) || !std::isfinite(gamma))
    throw Error(Fault::input, str("focal loss: gamma is ", gamma, ", it must be a number from 0"), "2 is the usual value");
  if (!(scale > 0) || !std::isfinite(scale))
    throw Error(Fault::input, str("focal loss: the scale is ", scale, ", it must be a number above 0"));
  table.form.gamma = gamma;
  table.form.scale = scale;
}

void add_focal_alpha(LossTable& table, double alpha) {
  if (!(alpha >= 0 && alpha < 1))
    throw Error(Fault::input, str("focal loss: alpha is ", alpha, ", it must be from 0 to below 1"),
                "0.25 is the usual value, 0 leaves it out");
  if (alpha == 0) return;
  for (LossClass& of : table.of) {
    of.positive_weight = alpha;
    of.negative_weight = 1 - alpha;
  }
}

}  // namespace thorax
