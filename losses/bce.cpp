#include "losses/bce.h"

namespace thorax {

Loss bce(const LossOptions&, const ClassCounts& counts) {
  Loss loss;
  loss.table.classes = static_cast<int64_t>(counts.classes.size());
  return loss;
}

}  // namespace thorax
