#include <cstdio>
#include <memory>

#include "apps/console.h"
#include "apps/export_embed.h"
#include "apps/export_onnx.h"
#include "apps/initial_weights.h"
#include "apps/printable.h"
#include "apps/sbom.h"
#include "apps/verbs.h"
#include "models/registry.h"
#include "tensor/file.h"

namespace thorax {

Flags export_flags() {
  return Flags("export", "RUN -o FILE [flags]",
               "Writes a trained model (a run's best epoch, or a model file) for other programs; the name's ending says how: "
               ".onnx (opset 17), .safetensors (torchvision's names) or .thx (libthorax). With --model and --labels also a whole "
               "model that "
               "another program trained (.pth, .pt, .safetensors, .npz), which thorax can use from then on.",
               {{"out", "FILE", "the file to write", ""},
                {"overwrite", "", "replace what is there", ""},
                {"ensemble", "RUN", ".thx: this run, too, and those named behind it: their mean", ""},
                {"sbom", "FILE", ".thx: also what the model consists of, as SPDX 2.3", ""},
                {"model", "NAME", "another program's file: its architecture", ""},
                {"labels", "A,B,...", "another program's file: its classes, in its order", ""},
                {"size", "PIXELS", "another program's file: side of the network's input", "224"},
                {"fit", "stretch|pad", "another program's file: how an image becomes a square", "stretch"},
                {"equalize", "", "another program's file: with histogram equalisation", ""},
                {"mean", "X", "of (pixel/255 - mean)/std; else as the file tells", "0.449"},
                {"std", "X", "of the same", "0.226"}},
               {"thorax export run -o model.onnx", "thorax export run/last.safetensors -o model.safetensors",
                "thorax export run -o model.thx --ensemble run2 run3", "thorax export run -o m.thx --sbom m.spdx.json",
                "thorax export chexnet.pth --model densenet121 --labels A,B -o own.safetensors"},
               true);
}

namespace {

// What another program's file does not say about itself stands in the flags. There are no cut-offs.
ModelDescription foreign_description(const Flags& flags, const weights::WeightFile& file) {
  ModelDescription d;
  d.model = find_model(flags.text("model")).name;
  d.classes = flags.list("labels");
  if (d.classes.empty()) throw Error(Fault::input, "export: --labels A,B,... is missing: the classes, in the file's order");
  d.cutoffs.resize(d.classes.size());
  d.recipe.size = flags.integer("size", 32, 4096);
  d.recipe.fit = flags.choice("fit", {"stretch", "pad"}) == "pad" ? Fit::pad : Fit::stretch;
  d.recipe.equalize = flags.on("equalize");
  d.recipe.mean = static_cast<float>(flags.number("mean", 0, 1));
  d.recipe.std = static_cast<float>(flags.number("std", 1e-6, 10));
  const auto scaling = input_scaling(file);
  if (scaling && !flags.given("mean") && !flags.given("std")) {
    d.recipe.mean = scaling->mean;
    d.recipe.std = scaling->std;
    std::fprintf(stderr, "input   (x/255 - %.4g)/%.4g, %s\n", static_cast<double>(scaling->mean),
                 static_cast<double>(scaling->std), scaling->why.c_str());
  }
  return d;
}

void tell(const std::filesystem::path& out) {
  std::fprintf(stderr, "wrote   %s: %s\n", printable(out.string()).c_str(),
               human_bytes(static_cast<int64_t>(std::filesystem::file_size(out))).c_str());
}

void refuse_existing(const Flags& flags, const std::filesystem::path& out) {
  if (path_exists(out) && !flags.on("overwrite"))
    throw Error(Fault::input, str(out.string(), ": exists already"), "--overwrite replaces it");
}

// files: of the members' weights.
void write_thx(const Flags& flags, const std::filesystem::path& out, const std::vector<EmbedMember>& members,
               const std::vector<std::filesystem::path>& files) {
  const std::string content = models_as_thx(members);
  write_file_atomically(out, content);
  tell(out);
  const std::filesystem::path sbom = flags.text("sbom");
  if (sbom.empty()) return;
  std::vector<SbomSource> sources;
  for (size_t m = 0; m < members.size(); ++m)
    sources.push_back({files[m], members[m].description->model, members[m].description->config});
  write_file_atomically(sbom, model_sbom(out.filename().string(), content, sources));
  tell(sbom);
}

void write(const Flags& flags, const std::filesystem::path& out, const ModelDescription& description, const Store& store,
           const std::filesystem::path& file) {
  if (out.extension() == ".thx") {
    write_thx(flags, out, {{&description, &store}}, {file});
    return;
  }
  if (out.extension() == ".onnx")
    write_file_atomically(out, model_as_onnx(description, store));
  else
    write_model(out, description, store);
  tell(out);
}

// Several runs as one .thx file.
void write_ensemble(const Flags& flags, const std::filesystem::path& out, const std::vector<std::string>& runs) {
  if (out.extension() != ".thx") throw Error(Fault::input, "export: an ensemble is a .thx file");
  std::vector<std::unique_ptr<LoadedModel>> models;
  std::vector<EmbedMember> members;
  std::vector<std::filesystem::path> files;
  for (const std::string& run : runs) {
    files.push_back(model_of_run(run));
    models.push_back(std::make_unique<LoadedModel>(files.back(), 1, Stream{}));
    members.push_back({&models.back()->description(), &models.back()->store()});
  }
  write_thx(flags, out, members, files);
}

}  // namespace

int run_export(Flags& flags) {
  const std::string help = "thorax export --help has examples";
  const bool is_ensemble = flags.given("ensemble");
  if (flags.positionals().empty() || (flags.positionals().size() > 1 && !is_ensemble))
    throw Error(Fault::input, "export: one RUN is expected", help);
  const std::filesystem::path out = flags.text("out");
  if (out.empty()) throw Error(Fault::input, "export: -o FILE is missing", help);
  if (out.extension() != ".onnx" && out.extension() != ".safetensors" && out.extension() != ".thx") {
    throw Error(Fault::input, str("export: ", out.string(), " ends neither in .onnx, .safetensors nor .thx"), help);
  }
  refuse_existing(flags, out);
  if (const std::filesystem::path sbom = flags.text("sbom"); !sbom.empty()) {
    if (out.extension() != ".thx") throw Error(Fault::input, "export: --sbom is for .thx files");
    if (sbom == out) throw Error(Fault::input, "export: --sbom names the model's own file");
    refuse_existing(flags, sbom);
  }
  if (is_ensemble) {
    std::vector<std::string> runs = flags.positionals();
    runs.insert(runs.begin() + 1, flags.text("ensemble"));
    write_ensemble(flags, out, runs);
    return 0;
  }
  const std::filesystem::path file = model_of_run(flags.positionals()[0]);
  if (flags.text("model").empty()) {
    LoadedModel model(file, 1, {});
    write(flags, out, model.description(), model.store(), file);
    return 0;
  }
  const weights::WeightFile foreign(file);
  const ModelDescription description = foreign_description(flags, foreign);
  Store store = Network::make_store(network_spec(description, {}), 0, false);
  const auto classes = static_cast<int64_t>(description.classes.size());
  std::fprintf(stderr, "taken   %s\n", take_weights(foreign, description.model, classes, store).c_str());
  write(flags, out, description, store, file);
  return 0;
}

}  // namespace thorax
