#include "losses/bce.h"

namespace thorax {

LossTable make_bce(const LossOptions&, const ClassCounts& counts) {
  LossTable table;
  table.inverse_count.assign(counts.classes.size(), 0.0);  // read by the rebalanced losses alone
  table.bias.assign(counts.classes.size(), 0.0);
  return table;
}

}  // namespace thorax
