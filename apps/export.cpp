#include <cstdio>

#include "apps/console.h"
#include "apps/export_onnx.h"
#include "apps/printable.h"
#include "apps/verbs.h"
#include "tensor/file.h"

namespace thorax {

Flags export_flags() {
  return Flags("export", "RUN -o FILE [flags]",
               "Writes a trained model (a run's best epoch, or a model file) for other programs; the name's ending says how: "
               ".onnx (opset 17) or .safetensors (torchvision's names).",
               {{"out", "FILE", "the file to write", ""}, {"overwrite", "", "replace what is there", ""}},
               {"thorax export run -o model.onnx", "thorax export run/last.safetensors -o model.safetensors"}, true);
}

int run_export(Flags& flags) {
  const std::string help = "thorax export --help has examples";
  if (flags.positionals().size() != 1) throw Error(Fault::input, "export: one RUN is expected", help);
  const std::filesystem::path out = flags.text("out");
  if (out.empty()) throw Error(Fault::input, "export: -o FILE is missing", help);
  const std::string kind = out.extension().string();
  if (kind != ".onnx" && kind != ".safetensors") {
    throw Error(Fault::input, str("export: ", out.string(), " ends neither in .onnx nor in .safetensors"), help);
  }
  if (path_exists(out) && !flags.on("overwrite")) {
    throw Error(Fault::input, str(out.string(), ": exists already"), "--overwrite replaces it");
  }
  const std::filesystem::path file = model_of_run(flags.positionals()[0]);
  LoadedModel model(file, 1, {});
  if (kind == ".onnx") {
    write_file_atomically(out, model_as_onnx(model.description(), model.store()));
  } else {
    write_model(out, model.description(), model.store());
  }
  std::fprintf(stderr, "wrote   %s: %s\n", printable(out.string()).c_str(),
               human_bytes(static_cast<int64_t>(std::filesystem::file_size(out))).c_str());
  return 0;
}

}  // namespace thorax
