#include "apps/class_choice.h"

#include <algorithm>
#include <cmath>

#include "tensor/error.h"

namespace thorax {

ClassChoice::ClassChoice(const Flags& flags, const ModelDescription& model, bool has_own_cutoffs)
    : cutoffs_(has_own_cutoffs ? model.cutoffs : std::vector<std::optional<float>>(model.classes.size())) {
  if (flags.text("classes").empty()) return;
  for (const std::string& name : flags.text("classes") == "all" ? model.classes : flags.list("classes")) {
    const auto at = std::find(model.classes.begin(), model.classes.end(), name);
    if (at == model.classes.end())
      throw Error(Fault::input, str("--classes: the model has no class \"", name, "\""), "thorax inspect RUN lists them");
    wanted_.push_back(static_cast<size_t>(at - model.classes.begin()));
  }
}

std::vector<size_t> ClassChoice::of(const std::vector<float>& probabilities) const {
  if (!wanted_.empty()) return wanted_;
  std::vector<size_t> positive;
  for (size_t k = 0; k < probabilities.size(); ++k)
    if (cutoffs_[k] && probabilities[k] >= *cutoffs_[k]) positive.push_back(k);
  if (positive.empty())
    positive.push_back(static_cast<size_t>(std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin()));
  return positive;
}

std::optional<float> ClassChoice::cutoff(size_t k) const {
  const std::optional<float> c = cutoffs_[k];
  return c && std::isfinite(*c) ? c : std::nullopt;
}

}  // namespace thorax
