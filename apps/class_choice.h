// The classes to explain in each image: those of --classes; else those at or above their cut-offs, or the most probable one.
#pragma once

#include <optional>
#include <vector>

#include "apps/flags.h"
#include "apps/model_file.h"

namespace thorax {

class ClassChoice {
 public:
  // has_own_cutoffs: whether the model's cut-offs are for what is shown. Throws Error(input) for a class that it does not have.
  ClassChoice(const Flags& flags, const ModelDescription& model, bool has_own_cutoffs);

  std::vector<size_t> of(const std::vector<float>& probabilities) const;
  // nullopt: there is none, or none was better than chance.
  std::optional<float> cutoff(size_t k) const;

 private:
  std::vector<std::optional<float>> cutoffs_;  // [C]
  std::vector<size_t> wanted_;
};

}  // namespace thorax
