#include "apps/isolation.h"

#include <cstdio>

#include "data/sandbox.h"

namespace thorax {

void warn_where_decoders_have_rights() {
  const std::string gap = data::isolation_gap();
  if (!gap.empty()) std::fprintf(stderr, "warning %s\n", gap.c_str());
}

}  // namespace thorax
