#include "apps/train_flags.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <thread>

#include "apps/console.h"
#include "apps/data_flags.h"
#include "apps/device.h"
#include "apps/image_cache.h"
#include "apps/initial_weights.h"
#include "apps/metadata.h"
#include "apps/method_flags.h"
#include "apps/plan_cache.h"
#include "apps/printable.h"
#include "apps/ranks.h"
#include "apps/verbs.h"
#include "models/registry.h"
#include "parallel/world.h"
#include "tensor/checksum.h"

namespace thorax {

std::vector<Flag> training_flags() {
  return with_method_flags(with_data_flags({{"config", "FILE", "TOML with values for these flags; the command line wins", ""},
                                            {"data", "TABLE", "the images: a table or a folder (docs/data.md)", ""}},
                                           {
                                               {"skip-bad", "", "go on without images that cannot be read", ""},
                                               {"out", "RUN", "the run folder to make", ""},
                                               {"resume", "RUN", "go on with the run in this folder", ""},
                                               {"overwrite", "", "replace what is in --out", ""},
                                               {"model", "NAME", model_names(), "densenet121"},
                                               {"init", "FILE", "begin with its backbone: .safetensors, .pth, .pt or .npz", ""},
                                               {"size", "PIXELS", "side of the network's input", "512"},
                                               {"fit", "stretch|pad", "how an image becomes a square", "stretch"},
                                               {"no-equalize", "", "leave out the histogram equalisation", ""},
                                               {"mean", "X", "of (pixel/255 - mean)/std; else as --init's file tells", "0.449"},
                                               {"std", "X", "of the same", "0.226"},
                                               {"epochs", "N", "passes over the training images", "80"},
                                               {"batch", "N", "images in a step", "32"},
                                               {"flip", "", "augment: mirror every second image", ""},
                                               {"shift", "PART", "augment: move by up to this part of the side", "0"},
                                               {"scale", "PART", "augment: zoom by up to this part", "0"},
                                               {"rotate", "DEGREES", "augment: turn by up to this", "0"},
                                               dtype_flag(),
                                               device_flag(),
                                               plan_flags()[0],
                                               plan_flags()[1],
                                               {"threads", "N", "of a process; 0: all processors, shared", "0"},
                                               procs_flag(""),
                                               gpus_flag(""),
                                               {"sync-bn", "", "batch norms over the images of all processes", ""},
                                               {"restarts", "N", "start them again so often when one has died", "0"},
                                               {"workers", "N", "threads that prepare images", "2"},
                                               {"seed", "N", "of weights, order, augmentation and split", "1"},
                                               cache_flag(),
                                               {"dry-run", "", "print memory, FLOPs and the time of a step, then stop", ""},
                                               {"quiet", "", "no progress", ""},
                                           }));
}

Flags train_flags() {
  return Flags("train", "--data TABLE -o RUN [flags]",
               "Trains a model on a table of radiographs (CSV: an image column, labels 0, 1, -1 or empty), or a known data set.",
               training_flags(),
               {"thorax train --data labels.csv --size 224 --epochs 10 -o run", "thorax train --config run/config.toml -o again",
                "thorax train --resume run"},
               false);
}

namespace {

DType dtype_of_flag(const Flags& flags, const Stream& stream) {
  const DType wanted = wanted_dtype(flags);
  const DType used = usable_dtype(wanted, stream);
  if (used != wanted)
    std::fprintf(stderr, "note    this %s; fp32 is used\n",
                 stream.device == Device::cuda ? "GPU has no bf16 arithmetic (compute capability 8.0), --dtype fp16 is fast"
                                               : "processor has no bf16 arithmetic (AVX512_BF16)");
  if (used == DType::f16 && stream.device == Device::cpu)
    std::fputs("note    a processor computes fp16 in fp32, slowly: this is to see what a GPU would do; bf16 and fp32 are fast\n",
               stderr);
  return used;
}

// As flags, so that config.toml holds them and a resumed run does not need the file again.
void take_input_scaling(Flags& flags) {
  const auto scaling = input_scaling(weights::WeightFile(flags.text("init")));
  if (!scaling) return;
  flags.set("mean", encode_number(static_cast<double>(scaling->mean)));
  flags.set("std", encode_number(static_cast<double>(scaling->std)));
}

}  // namespace

void take_config_files(Flags& flags) {
  if (flags.given("resume")) flags.merge_toml(std::filesystem::path(flags.text("resume")) / "config.toml");
  if (flags.given("config") && !flags.text("config").empty()) flags.merge_toml(flags.text("config"));
}

TrainConfig train_config(Flags& flags, const Stream& stream) {
  take_config_files(flags);
  ProgressLine::set_quiet(flags.on("quiet"));
  TrainConfig c;
  if (flags.text("data").empty()) throw Error(Fault::input, "train: --data TABLE is missing", "thorax train --help has examples");
  c.manifest = manifest_options(flags, flags.text("data"));
  c.skip_bad = flags.on("skip-bad");
  c.model = find_model(flags.text("model")).name;
  c.recipe = recipe_of(flags);
  c.init = flags.text("init");
  if (!c.init.empty() && !flags.given("resume") && !flags.given("mean") && !flags.given("std")) take_input_scaling(flags);
  c.recipe.mean = static_cast<float>(flags.number("mean", 0, 1));
  c.recipe.std = static_cast<float>(flags.number("std", 1e-6, 10));
  c.epochs = flags.integer("epochs", 1, 100000);
  c.batch = flags.integer("batch", 1, 4096);
  read_method(flags, c);
  c.augment = {flags.on("flip"), flags.number("shift", 0, 1), flags.number("scale", 0, 0.9), flags.number("rotate", 0, 180)};
  c.stream = stream;
  read_plan_flags(flags, c.stream);
  c.dtype = dtype_of_flag(flags, c.stream);
  c.cache = cache_folder(flags);
  c.sync_batch_norm = flags.on("sync-bn");
  c.workers = static_cast<int>(flags.integer("workers", 1, 256));
  c.seed = c.manifest.seed = static_cast<uint64_t>(flags.integer("seed", 0, INT64_MAX));
  return c;
}

namespace {

constexpr const char* run_flags[] = {"config", "out",     "resume", "overwrite", "restarts",
                                     "cache",  "dry-run", "quiet",  "gpus"};  // of the call, not of the run

// Which program and which table made the run.
std::string origin(const std::filesystem::path& table) {
  if (std::filesystem::is_directory(table))
    return str("# thorax ", THORAX_VERSION, "; ", printable(table.string()), ": a folder\n");
  std::ifstream in(table, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  return str("# thorax ", THORAX_VERSION, "; ", printable(table.filename().string()), ": ", bytes.size(), " bytes, xxh64 ",
             hex_of(xxh64(std::as_bytes(std::span(bytes)))), '\n');
}

}  // namespace

std::string config_of_run(Flags flags) {
  for (const char* path : {"data", "root", "split-file", "init"}) {
    if (!flags.text(path).empty()) flags.set(path, std::filesystem::absolute(flags.text(path)).lexically_normal().string());
  }
  return origin(flags.text("data")) + flags.to_toml({std::begin(run_flags), std::end(run_flags)});
}

std::string config_of_model(const Flags& flags) {
  std::vector<std::string> without{std::begin(run_flags), std::end(run_flags)};
  without.insert(without.end(), {"data", "root", "split-file", "init"});
  return flags.to_toml(without);
}

int threads_of(const Flags& flags) {
  const auto given = static_cast<int>(flags.integer("threads", 0, 1024));
  if (given > 0) return given;
  const auto world = parallel::world_of_environment();
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / (world ? world->local_size : 1));
}

}  // namespace thorax
