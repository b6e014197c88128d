#include "tensor/named_range.h"

#ifdef THORAX_CUDA
#include <nvtx3/nvToolsExt.h>
#endif

namespace thorax {

#ifdef THORAX_CUDA
NamedRange::NamedRange(const std::string& name) {
  nvtxRangePushA(name.c_str());
}
NamedRange::~NamedRange() {
  nvtxRangePop();
}
#else
NamedRange::NamedRange(const std::string&) {}
NamedRange::~NamedRange() = default;
#endif

}  // namespace thorax
