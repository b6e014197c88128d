#include "losses/weighted_bce.h"

namespace thorax {

void add_class_weights(LossTable& table, const LossOptions& options, const ClassCounts& counts) {
  for (size_t k = 0; k < counts.classes.size(); ++k) {
    const double positives = counts.positives[k];
    const double negatives = counts.known[k] - positives;
    const double unit = options.ratio_weights ? positives : counts.known[k];
    table.of[k].positive_weight = negatives / unit;
    table.of[k].negative_weight = options.ratio_weights ? 1 : positives / unit;
  }
}

}  // namespace thorax
