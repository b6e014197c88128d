// The Distribution-Balanced loss (Wu, Huang, Liu, Wang, Lin: ECCV 2020) and the paper's modification for the class "No finding".
#pragma once

#include "losses/registry.h"

namespace thorax {

Loss distribution_balanced(const LossOptions& options, const ClassCounts& counts);
Loss modified_distribution_balanced(const LossOptions& options, const ClassCounts& counts);

// Which class means that nothing was found: the one named by `wanted`, else "No finding" without regard to case, blanks and
// underscores; -1 when there is none. Throws Error(input) when `wanted` is given and is no class.
int64_t find_no_finding(const std::vector<std::string>& classes, const std::string& wanted);

}  // namespace thorax
