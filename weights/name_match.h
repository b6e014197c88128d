// Which tensor of a file is which of a model, when the two disagree on names. A style says how others spell torchvision's names
// (a table in name_match.cpp); what stands before them ("state_dict.module.", "model.backbone.") is found, not listed: of all
// styles and prefixes that occur, the pair that names the most of the model's tensors is taken, the first in the file among
// equals.
#pragma once

#include <string>
#include <vector>

#include "weights/weight_tensor.h"

namespace thorax::weights {

struct NameMatch {
  std::string style;                        // "torchvision", "torchvision before 0.3", "MONAI", ...
  std::string prefix;                       // with its last point; often empty
  std::vector<const WeightTensor*> found;   // beside the model's names; nullptr: not in the file
  std::vector<const WeightTensor*> unused;  // in the order of the file
  size_t matched = 0;
};

// names: the model's tensors, under torchvision's names. The pointers are into tensors.
NameMatch match_names(const std::vector<std::string>& names, const std::vector<WeightTensor>& tensors);

}  // namespace thorax::weights
