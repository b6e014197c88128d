#include "apps/train_flags.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <thread>

#include "apps/console.h"
#include "apps/device.h"
#include "apps/printable.h"
#include "apps/verbs.h"
#include "models/registry.h"
#include "tensor/checksum.h"

namespace thorax {

Flags train_flags() {
  return Flags("train", "--data TABLE -o RUN [flags]",
               "Trains a model on a table of radiographs (CSV: an image column, labels 0, 1, -1 or empty).",
               {
                   {"config", "FILE", "TOML with values for these flags; the command line wins", ""},
                   {"data", "TABLE", "the table of images", ""},
                   {"root", "DIR", "where relative image paths begin, if not beside the table", ""},
                   {"labels", "A,B,...", "label columns; else all columns of 0, 1, -1 and empty", ""},
                   {"image-column", "NAME", "if not image, file, path, Path, Image Index or image_id", ""},
                   {"patient-column", "NAME", "if not patient", ""},
                   {"split-column", "NAME", "if not split; without one: 70/15/15 by patient", ""},
                   {"skip-bad", "", "go on without images that cannot be read", ""},
                   {"out", "RUN", "the run folder to make", ""},
                   {"resume", "RUN", "go on with the run in this folder", ""},
                   {"overwrite", "", "replace what is in --out", ""},
                   {"model", "NAME", "the architecture", "densenet121"},
                   {"size", "PIXELS", "side of the network's input", "512"},
                   {"fit", "stretch|pad", "how an image becomes a square", "stretch"},
                   {"no-equalize", "", "leave out the histogram equalisation", ""},
                   {"epochs", "N", "passes over the training images", "80"},
                   {"batch", "N", "images in a step", "32"},
                   {"loss", "NAME", "bce, db or db-modified", "db-modified"},
                   {"no-finding", "CLASS", "the class that means nothing was found", ""},
                   {"db-alpha", "X", "offset of the rebalancing weights", "0.1"},
                   {"db-beta", "X", "their steepness", "10"},
                   {"db-mu", "X", "their midpoint", "0.3"},
                   {"db-kappa", "X", "negative tolerance: size of the class bias", "0.05"},
                   {"db-lambda", "X", "negative tolerance: scale of negatives", "5"},
                   {"schedule", "NAME", "triangular or constant (which is --max-lr)", "triangular"},
                   {"lr", "X", "lowest learning rate", "0.001"},
                   {"max-lr", "X", "highest learning rate", "0.006"},
                   {"cycle-steps", "N", "steps of one triangle; 0: half of all steps", "0"},
                   {"momentum", "X", "of SGD", "0.9"},
                   {"weight-decay", "X", "of SGD, on all parameters", "0"},
                   {"flip", "", "augment: mirror every second image", ""},
                   {"shift", "PART", "augment: move by up to this part of the side", "0"},
                   {"scale", "PART", "augment: zoom by up to this part", "0"},
                   {"rotate", "DEGREES", "augment: turn by up to this", "0"},
                   {"dtype", "fp32|bf16", "of activations; weights are always fp32", "fp32"},
                   device_flag(),
                   {"threads", "N", "0: all processors", "0"},
                   {"workers", "N", "threads that prepare images", "2"},
                   {"seed", "N", "of weights, order, augmentation and split", "1"},
                   {"dry-run", "", "print memory, FLOPs and the time of a step, then stop", ""},
                   {"quiet", "", "no progress", ""},
               },
               {"thorax train --data labels.csv --size 224 --epochs 10 -o run", "thorax train --config run/config.toml -o again",
                "thorax train --resume run"},
               false);
}

namespace {

DType dtype_of_flag(const Flags& flags, const Stream& stream) {
  const DType wanted = flags.choice("dtype", {"fp32", "bf16"}) == "bf16" ? DType::bf16 : DType::f32;
  const DType used = usable_dtype(wanted, stream);
  if (used != wanted)
    std::fprintf(stderr, "note    this %s; fp32 is used\n",
                 stream.device == Device::cuda ? "GPU has no bf16 arithmetic (compute capability 8.0)"
                                               : "processor has no bf16 arithmetic (AVX512_BF16)");
  return used;
}

}  // namespace

TrainConfig train_config(Flags& flags) {
  if (flags.given("resume")) flags.merge_toml(std::filesystem::path(flags.text("resume")) / "config.toml");
  if (flags.given("config") && !flags.text("config").empty()) flags.merge_toml(flags.text("config"));
  ProgressLine::set_quiet(flags.on("quiet"));
  TrainConfig c;
  if (flags.text("data").empty()) throw Error(Fault::input, "train: --data TABLE is missing", "thorax train --help has examples");
  c.manifest.table = flags.text("data");
  c.manifest.root = flags.text("root");
  c.manifest.image_column = flags.text("image-column");
  c.manifest.patient_column = flags.text("patient-column");
  c.manifest.split_column = flags.text("split-column");
  c.manifest.labels = flags.list("labels");
  c.skip_bad = flags.on("skip-bad");
  c.model = find_model(flags.text("model")).name;
  c.recipe.size = flags.integer("size", 32, 4096);
  c.recipe.fit = flags.choice("fit", {"stretch", "pad"}) == "pad" ? Fit::pad : Fit::stretch;
  c.recipe.equalize = !flags.on("no-equalize");
  c.epochs = flags.integer("epochs", 1, 100000);
  c.batch = flags.integer("batch", 1, 4096);
  c.loss.name = flags.choice("loss", loss_names());
  c.loss.no_finding = flags.text("no-finding");
  c.loss.alpha = flags.number("db-alpha", 0, 1e6);
  c.loss.beta = flags.number("db-beta", 0, 1e6);
  c.loss.mu = flags.number("db-mu", -1e6, 1e6);
  c.loss.kappa = flags.number("db-kappa", 0, 1e6);
  c.loss.lambda = flags.number("db-lambda", 1e-6, 1e6);
  c.schedule = flags.text("schedule");
  c.base_lr = flags.number("lr", 0, 1e3);
  c.max_lr = flags.number("max-lr", 0, 1e3);
  c.cycle_steps = flags.integer("cycle-steps", 0, 1000000000);
  c.momentum = flags.number("momentum", 0, 1);
  c.weight_decay = flags.number("weight-decay", 0, 1e3);
  c.augment = {flags.on("flip"), flags.number("shift", 0, 1), flags.number("scale", 0, 0.9), flags.number("rotate", 0, 180)};
  c.stream = stream_of(flags);
  c.dtype = dtype_of_flag(flags, c.stream);
  c.workers = static_cast<int>(flags.integer("workers", 1, 256));
  c.seed = static_cast<uint64_t>(flags.integer("seed", 0, INT64_MAX));
  return c;
}

namespace {

constexpr const char* run_flags[] = {"config", "out", "resume", "overwrite", "dry-run", "quiet"};  // of the call, not of the run

// Which program and which table made the run.
std::string origin(const std::filesystem::path& table) {
  std::ifstream in(table, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  Xxh64 hash;
  hash.update(std::as_bytes(std::span(bytes)));
  std::array<char, 17> digest{};
  std::snprintf(digest.data(), digest.size(), "%016llx", static_cast<unsigned long long>(hash.digest()));
  return str("# thorax ", THORAX_VERSION, "; ", printable(table.filename().string()), ": ", bytes.size(), " bytes, xxh64 ",
             digest.data(), '\n');
}

}  // namespace

std::string config_of_run(Flags flags) {
  for (const char* path : {"data", "root"}) {
    if (!flags.text(path).empty()) flags.set(path, std::filesystem::absolute(flags.text(path)).lexically_normal().string());
  }
  return origin(flags.text("data")) + flags.to_toml({std::begin(run_flags), std::end(run_flags)});
}

std::string config_of_model(const Flags& flags) {
  std::vector<std::string> without{std::begin(run_flags), std::end(run_flags)};
  without.insert(without.end(), {"data", "root"});
  return flags.to_toml(without);
}

int threads_of(const Flags& flags) {
  const auto given = static_cast<int>(flags.integer("threads", 0, 1024));
  return given > 0 ? given : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace thorax
