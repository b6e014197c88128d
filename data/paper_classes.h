// The paper's ten classes, in the order of its Table 5, as VinDr-PCXR spells them.
#pragma once

#include <string>
#include <vector>

namespace thorax::data {

const std::vector<std::string>& paper_classes();

}  // namespace thorax::data
