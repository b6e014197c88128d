// The vendors' libraries under the kernels.
#pragma once

#include <string>
#include <vector>

namespace thorax {

struct Library {
  std::string name;
  std::string version;  // as loaded, not as compiled against; empty: thorax was built without it
};

std::vector<Library> kernel_libraries();

}  // namespace thorax
