// Which findings a phantom has: the ten classes of the paper, as common as in its Table 1.
#pragma once

#include <array>
#include <vector>

#include "data/paper_classes.h"
#include "data/phantom_shapes.h"

namespace thorax::data {

// In the order of paper_classes().
enum Finding : uint8_t {
  other_opacity,
  reticulonodular_opacity,
  interstitial_opacity,  // peribronchovascular
  bronchial_thickening,
  no_finding,
  bronchitis,
  broncho_pneumonia,
  other_disease,
  bronchiolitis,
  pneumonia,
  finding_count
};
using Findings = std::array<bool, finding_count>;

// only empty: the ten, each as common as among the 3,550 training images of Table 1. A sick child has one of five diseases,
// sometimes bronchitis beside another, and each disease brings the four opacities with a frequency of its own. (Table 1 does not
// tell which go together: that is made up, and adds up to Table 1.) Else these alone, in three of ten images each, by themselves.
// No finding is where no other is.
Findings draw_findings(Draws& draws, const std::vector<Finding>& only);

}  // namespace thorax::data
