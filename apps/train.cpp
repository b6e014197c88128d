#include "apps/verbs.h"

#include <chrono>
#include <cstdio>
#include <optional>

#include "apps/console.h"
#include "apps/device.h"
#include "apps/interrupt.h"
#include "apps/isolation.h"
#include "apps/method_flags.h"
#include "apps/plan_cache.h"
#include "apps/ranks.h"
#include "apps/train_flags.h"
#include "apps/training.h"
#include "data/split.h"

namespace thorax {

namespace {

void print_plan(const TrainConfig& config, Training& training, const std::string& origin) {
  Program& program = training.trainer().training_program();
  std::fprintf(stderr, "input   grey, %s, %s to %ldx%ld, (x/255 - %.4g)/%.4g\n",
               config.recipe.equalize ? "histogram equalised" : "as it is",
               config.recipe.fit == Fit::stretch ? "stretched" : "padded", static_cast<long>(config.recipe.size),
               static_cast<long>(config.recipe.size), static_cast<double>(config.recipe.mean),
               static_cast<double>(config.recipe.std));
  std::fprintf(stderr, "model   %s, %s parameters, %s\n", config.model.c_str(),
               with_commas(training.trainer().store().parameter_count()).c_str(), origin.c_str());
  std::fputs(method_lines(config, training.loss(), training.classes()).c_str(), stderr);
  const Communicator* c = config.communicator;
  const int ranks = c == nullptr ? 1 : c->size();
  std::fprintf(stderr, "plan    %s, %s; %.2f TFLOP a step of %ld\n        %s of memory, known before it runs\n",
               device_text(config.stream).c_str(), dtype_word(config.dtype), program.flops() * 1e-12,
               static_cast<long>(ranks == 1 ? config.batch : training.trainer().own_share(training.trainer().options().batch)),
               human_bytes(static_cast<int64_t>(training.trainer().bytes())).c_str());
  if (ranks > 1)
    std::fprintf(stderr, "        each of %d processes; batch norms %s\n", ranks,
                 config.sync_batch_norm ? "over the images of all" : "of each, the first's are kept");
}

// One step measured on empty images: what a whole epoch would take.
void dry_run(const TrainConfig& config, Training& training) {
  data::Batch batch;
  const TrainerOptions& o = training.trainer().options();
  batch.of_all = o.batch;
  batch.n = training.trainer().own_share(o.batch);
  batch.pixels.assign(static_cast<size_t>(batch.n * o.network.size * o.network.size), 128);
  batch.labels.assign(static_cast<size_t>(batch.n * o.network.classes), 0.0F);
  batch.mask.assign(batch.labels.size(), 1.0F);
  if (o.moves_images) batch.moves.resize(static_cast<size_t>(batch.n));
  double seconds = 0;
  for (int i = 0; i < 2; ++i) {  // the first step touches fresh memory
    const auto start = std::chrono::steady_clock::now();
    training.trainer().step(batch, 0.0);
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  std::fprintf(stderr, "step    %.3f s, %.1f images/s; an epoch of %ld steps takes about %s, %ld epochs %s\n", seconds,
               static_cast<double>(o.batch) / seconds, static_cast<long>(training.steps_per_epoch()),
               human_seconds(seconds * static_cast<double>(training.steps_per_epoch())).c_str(), static_cast<long>(config.epochs),
               human_seconds(seconds * static_cast<double>(training.steps_per_epoch() * config.epochs)).c_str());
}

std::filesystem::path out_of(const Flags& flags) {
  if (flags.text("out").empty())
    throw Error(Fault::input, "train: -o RUN is missing: the folder for the run", "thorax train --help has examples");
  return flags.text("out");
}

// What is told of a training that has ended; returns the exit code.
int tell_end(const TrainConfig& config, const Progress& progress, const RunPaths& run, bool finished, double seconds) {
  if (!finished) {
    std::fprintf(stderr, "saved   stopped in epoch %ld; thorax train --resume %s goes on\n",
                 static_cast<long>(progress.epoch + 1), run.path().c_str());
    return interrupt_exit_code();
  }
  std::fprintf(stderr, "done    %ld epochs in %s; best epoch %ld, validation AUC %.3f\n        %s, %s (TensorBoard: %s)\n",
               static_cast<long>(config.epochs), human_seconds(seconds).c_str(), static_cast<long>(progress.best_epoch),
               progress.best, run.best().c_str(), run.metrics().c_str(), run.events().c_str());
  std::fprintf(stderr, "next    thorax evaluate %s\n", run.path().c_str());
  return 0;
}

// The folder of the run; the configuration last: a folder that has one can be resumed. split: what is written of it, or empty.
RunFolder folder_of(const Flags& flags, const std::string& split, const std::optional<PlanCache>& plans) {
  const bool resume = flags.given("resume");
  const RunStart start = resume ? RunStart::resume : flags.on("overwrite") ? RunStart::overwrite : RunStart::create;
  RunFolder folder(resume ? std::filesystem::path(flags.text("resume")) : out_of(flags), start);
  if (resume) return folder;
  if (!split.empty()) write_file_atomically(folder.split(), split);
  if (plans) write_file_atomically(folder.plans(), plans->text());
  write_file_atomically(folder.config(), config_of_run(flags));
  return folder;
}

// One process, or one rank of several.
int train(Flags& flags, const Stream& stream, Communicator* communicator) {
  TrainConfig config = train_config(flags, stream);
  const int ranks = communicator == nullptr ? 1 : communicator->size();
  if (ranks > config.batch)
    throw Error(Fault::input, str("batches of ", config.batch, " images for ", ranks, " processes"), "each needs one at least");
  config.communicator = communicator;
  flags.set("procs", str(ranks));
  int64_t dropped = 0;
  TrainData data = load_train_data(config, dropped);
  print_data(config, data, dropped);
  warn_where_decoders_have_rights();
  // Where images are left out, evaluate leaves them out, too.
  const std::string split = data.split_here || dropped > 0 ? data::split_csv(data.manifest) : std::string();
  std::optional<PlanCache> plans = open_plans(stream, config.cache, flags.text("resume"));
  Training training(config, config_of_model(flags), std::move(data));
  if (plans) plans->save(plan_file(config.cache, stream));
  if (!training.loss().note.empty()) std::fprintf(stderr, "note    %s\n", training.loss().note.c_str());
  const bool first = communicator == nullptr || communicator->rank() == 0;
  print_plan(config, training, first ? training.begin_weights(flags.text("resume")) : std::string());
  if (flags.on("dry-run")) {
    dry_run(config, training);
    return 0;
  }
  std::optional<RunFolder> folder;
  if (first) folder.emplace(folder_of(flags, split, plans));
  catch_interrupts();
  const auto start = std::chrono::steady_clock::now();
  const bool finished = training.run(folder ? &*folder : nullptr, flags.given("resume"));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!folder) return finished ? 0 : interrupt_exit_code();
  return tell_end(config, training.progress(), *folder, finished, seconds);
}

// When it was written; nothing where there is none.
std::optional<std::filesystem::file_time_type> written(const std::filesystem::path& file) {
  std::error_code error;
  const auto time = std::filesystem::last_write_time(file, error);
  return error ? std::nullopt : std::optional(time);
}

// Ranks that start again go on with the run that those before them have begun, but not with one that lay there before.
int launch_training(const Flags& flags, int ranks) {
  const std::filesystem::path config = RunPaths(flags.text("out")).config();
  const auto before = written(config);
  return launch(ranks, static_cast<int>(flags.integer("restarts", 0, 1000)), [&] {
    std::vector<std::string> words = flags.arguments();
    if (!flags.given("resume") && written(config) != before) words.insert(words.begin(), "--resume=" + flags.text("out"));
    words.insert(words.begin(), "train");
    return words;
  });
}

}  // namespace

int run_train(Flags& flags) {
  const auto world = parallel::world_of_environment();
  check_ranks(flags, world);
  take_config_files(flags);
  const int ranks = ranks_to_start(flags, world);
  if (ranks > 1) return launch_training(flags, ranks);
  return as_rank(
      world, [&] { return stream_of(flags); },
      [&](const Stream& stream, Communicator* communicator) { return train(flags, stream, communicator); });
}

}  // namespace thorax
