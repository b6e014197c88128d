#include <cstdio>

#include "apps/console.h"
#include "apps/inspect_checkpoint.h"
#include "apps/printable.h"
#include "apps/verbs.h"
#include "models/registry.h"
#include "tensor/error.h"

namespace thorax {

Flags inspect_flags() {
  return Flags("inspect", "FILE... [flags]",
               "What is in a file of weights (safetensors, PyTorch, numpy): tensors, metadata, checksum.",
               {{"json", "", "one JSON object per file on stdout, with SHA-256 of each tensor", ""},
                {"model", "NAME", "tell how the tensors fit this architecture", ""}},
               {"thorax inspect run/best.safetensors", "thorax inspect --json run/best.safetensors run/last.safetensors",
                "thorax inspect --model densenet121 checkpoint.pth"},
               true);
}

int run_inspect(Flags& flags) {
  const std::vector<std::string>& files = flags.positionals();
  if (files.empty()) throw Error(Fault::input, "inspect: a FILE is expected", "thorax inspect --help has examples");
  const std::string model = flags.text("model").empty() ? "" : find_model(flags.text("model")).name;
  int64_t failed = 0;
  for (const std::string& file : files) {
    try {
      const bool json = flags.on("json");
      const std::string text = json ? describe_checkpoint_json(file, model) + '\n' : describe_checkpoint(file, model);
      std::printf("%s%s", !json && file != files.front() ? "\n" : "", text.c_str());
    } catch (const Error& e) {
      if (e.fault() != Fault::input || files.size() == 1) throw;
      std::fflush(stdout);
      std::fprintf(stderr, "%s %s\n", painted(Paint::red, "thorax:").c_str(), printable(e.what()).c_str());
      ++failed;
    }
  }
  if (failed == 0) return 0;
  throw Error(Fault::input, str(with_commas(failed), " of ", with_commas(static_cast<int64_t>(files.size())), " files failed"));
}

}  // namespace thorax
