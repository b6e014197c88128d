// The frame of a .thx file (embed/format.h) around its sections.
#pragma once

#include <string>
#include <vector>

namespace thorax {

// sections: their bytes, in the format's order; their number says how many members there are.
std::string thx_file(const std::vector<std::string>& sections);

}  // namespace thorax
