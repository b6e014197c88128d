#include <cstdio>

#include "apps/console.h"
#include "apps/data_flags.h"
#include "apps/inspect_checkpoint.h"
#include "apps/inspect_data_set.h"
#include "apps/inspect_image.h"
#include "apps/printable.h"
#include "apps/verbs.h"
#include "models/registry.h"
#include "tensor/error.h"

namespace thorax {

Flags inspect_flags() {
  return Flags(
      "inspect", "FILE|FOLDER... [flags]",
      "What is in a radiograph (DICOM, PNG, JPEG), in a file of weights (safetensors, PyTorch, numpy: tensors, metadata, "
      "checksum), or in a data set (table, .npz, folder: counts, labels, duplicates, faults).",
      with_data_flags({{"json", "", "one JSON object per file on stdout; of weights with SHA-256 of each tensor", ""},
                       {"preview", "FILE", "write one radiograph as the network would get it, before equalising, as PNG", ""},
                       {"model", "NAME", "of weights: tell how the tensors fit this architecture", ""},
                       {"table-only", "", "of a data set: leave its images alone", ""},
                       {"threads", "N", "0: all processors", "0"},
                       {"quiet", "", "no progress", ""}},
                      {}),
      {"thorax inspect chest.dcm --preview chest.png", "thorax inspect run/best.safetensors",
       "thorax inspect --model densenet121 checkpoint.pth", "thorax inspect labels.csv",
       "thorax inspect CheXpert/ --table-only --json"},
      true);
}

namespace {

// failed: one more where a data set has images that cannot be read.
std::string describe(const std::string& file, const Flags& flags, const std::string& model, int64_t& failed) {
  const bool json = flags.on("json");
  if (is_data_set(file)) {
    const DataSetDescription description = describe_data_set(file, flags);
    if (description.unreadable > 0) ++failed;
    return description.text;
  }
  if (is_image_file(file)) return describe_image(file, json, flags.text("preview")) + (json ? "\n" : "");
  return json ? describe_checkpoint_json(file, model) + '\n' : describe_checkpoint(file, model);
}

}  // namespace

int run_inspect(Flags& flags) {
  const std::vector<std::string>& files = flags.positionals();
  if (flags.given("preview") && files.size() > 1) throw Error(Fault::input, "inspect: --preview is for one FILE");
  if (files.empty()) throw Error(Fault::input, "inspect: a FILE is expected", "thorax inspect --help has examples");
  ProgressLine::set_quiet(flags.on("quiet"));
  const std::string model = flags.text("model").empty() ? "" : find_model(flags.text("model")).name;
  int64_t failed = 0;
  for (const std::string& file : files) {
    try {
      const std::string text = describe(file, flags, model, failed);
      std::printf("%s%s", !flags.on("json") && file != files.front() ? "\n" : "", text.c_str());
    } catch (const Error& e) {
      if (e.fault() != Fault::input || files.size() == 1) throw;
      std::fflush(stdout);
      std::fprintf(stderr, "%s %s\n", painted(Paint::red, "thorax:").c_str(), printable(e.what()).c_str());
      ++failed;
    }
  }
  if (failed == 0) return 0;
  if (files.size() == 1) throw Error(Fault::input, files[0] + ": some of its images cannot be read");
  throw Error(Fault::input, str(with_commas(failed), " of ", with_commas(static_cast<int64_t>(files.size())), " files failed"));
}

}  // namespace thorax
