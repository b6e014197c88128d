#include <cstdio>

#include "apps/inspect_checkpoint.h"
#include "apps/verbs.h"
#include "tensor/error.h"

namespace thorax {

Flags inspect_flags() {
  return Flags("inspect", "FILE...", "What is in a checkpoint (safetensors): tensors, metadata, checksum.",
               {{"json", "", "one JSON object per file on stdout", ""}}, {"thorax inspect run/best.safetensors"}, true);
}

int run_inspect(Flags& flags) {
  if (flags.positionals().empty()) throw Error(Fault::input, "inspect: a FILE is expected", "thorax inspect --help has examples");
  for (const std::string& file : flags.positionals()) {
    std::fputs((flags.on("json") ? describe_checkpoint_json(file) : describe_checkpoint(file)).c_str(), stdout);
  }
  return 0;
}

}  // namespace thorax
