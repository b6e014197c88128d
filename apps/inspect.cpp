#include <cstdio>

#include "apps/console.h"
#include "apps/inspect_checkpoint.h"
#include "apps/inspect_image.h"
#include "apps/printable.h"
#include "apps/verbs.h"
#include "tensor/error.h"

namespace thorax {

Flags inspect_flags() {
  return Flags("inspect", "FILE... [flags]", "What is in a radiograph (DICOM, PNG, JPEG) or a checkpoint (safetensors).",
               {{"json", "", "one JSON object per file on stdout", ""},
                {"preview", "FILE", "write one radiograph as the network would get it, before equalising, as PNG", ""}},
               {"thorax inspect chest.dcm --preview chest.png", "thorax inspect --json run/best.safetensors run/last.safetensors"},
               true);
}

namespace {

std::string describe(const std::string& file, const Flags& flags) {
  const bool json = flags.on("json");
  if (is_image_file(file)) return describe_image(file, json, flags.text("preview")) + (json ? "\n" : "");
  return json ? describe_checkpoint_json(file) + '\n' : describe_checkpoint(file);
}

}  // namespace

int run_inspect(Flags& flags) {
  const std::vector<std::string>& files = flags.positionals();
  if (flags.given("preview") && files.size() > 1) throw Error(Fault::input, "inspect: --preview is for one FILE");
  if (files.empty()) throw Error(Fault::input, "inspect: a FILE is expected", "thorax inspect --help has examples");
  int64_t failed = 0;
  for (const std::string& file : files) {
    try {
      const std::string text = describe(file, flags);
      std::printf("%s%s", !flags.on("json") && file != files.front() ? "\n" : "", text.c_str());
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
