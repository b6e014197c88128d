#include "losses/counts.h"

#include "tensor/error.h"

namespace thorax {

ClassCounts usable_counts(const LossOptions& options, ClassCounts counts, std::string& note) {
  for (size_t k = 0; k < counts.classes.size(); ++k) {
    double& positives = counts.positives[k];
    double& known = counts.known[k];
    if (positives > 0 && positives < known) continue;
    const std::string what = str("class '", counts.classes[k], "' has ", positives, " positive of ", known, " known labels");
    if (!options.clamp_counts)
      throw Error(
          Fault::input,
          str("loss ", options.name, ": ", what, " in the training set; the weights need at least one positive and one negative"),
          "leave the class out, choose the loss bce, or count it as one with --clamp-counts");
    known += 1;
    if (!(positives > 0)) positives = 1;
    if (!(positives < known)) known += 1;
    note += str(note.empty() ? "" : "; ", what, " and is counted as ", positives, " of ", known);
  }
  return counts;
}

}  // namespace thorax
