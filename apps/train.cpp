#include "apps/verbs.h"

#include <chrono>
#include <cstdio>

#include "apps/console.h"
#include "apps/device.h"
#include "apps/interrupt.h"
#include "apps/isolation.h"
#include "apps/method_flags.h"
#include "apps/plan_cache.h"
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
  std::fprintf(stderr, "plan    %s, %s; %.2f TFLOP a step of %ld\n        %s of memory, known before it runs\n",
               device_text(config.stream).c_str(), dtype_word(config.dtype), program.flops() * 1e-12,
               static_cast<long>(config.batch), human_bytes(static_cast<int64_t>(training.trainer().bytes())).c_str());
}

// One step measured on empty images: what a whole epoch would take.
void dry_run(const TrainConfig& config, Training& training) {
  data::Batch batch;
  const TrainerOptions& o = training.trainer().options();
  batch.n = batch.of_all = o.batch;
  batch.pixels.assign(static_cast<size_t>(o.batch * o.network.size * o.network.size), 128);
  batch.labels.assign(static_cast<size_t>(o.batch * o.network.classes), 0.0F);
  batch.mask.assign(batch.labels.size(), 1.0F);
  if (o.moves_images) batch.moves.resize(static_cast<size_t>(o.batch));
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

// The training itself; returns the exit code.
int train(const TrainConfig& config, Training& training, RunFolder& folder, bool resumed) {
  catch_interrupts();
  const auto start = std::chrono::steady_clock::now();
  const bool finished = training.run(folder, resumed);
  const Progress& progress = training.progress();
  if (!finished) {
    std::fprintf(stderr, "saved   stopped in epoch %ld; thorax train --resume %s goes on\n",
                 static_cast<long>(progress.epoch + 1), folder.path().c_str());
    return interrupt_exit_code();
  }
  std::fprintf(stderr, "done    %ld epochs in %s; best epoch %ld, validation AUC %.3f\n        %s, %s (TensorBoard: %s)\n",
               static_cast<long>(config.epochs),
               human_seconds(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()).c_str(),
               static_cast<long>(progress.best_epoch), progress.best, folder.best().c_str(), folder.metrics().c_str(),
               folder.events().c_str());
  std::fprintf(stderr, "next    thorax evaluate %s\n", folder.path().c_str());
  return 0;
}

}  // namespace

int run_train(Flags& flags) {
  const TrainConfig config = train_config(flags);
  int64_t dropped = 0;
  TrainData data = load_train_data(config, dropped);
  print_data(config, data, dropped);
  warn_where_decoders_have_rights();
  const bool write_split = data.split_here || dropped > 0;  // where images are left out: evaluate leaves them out, too
  const data::Manifest manifest = write_split ? data.manifest : data::Manifest{};
  std::optional<PlanCache> plans = open_plans(config.stream, config.cache, flags.text("resume"));
  Training training(config, config_of_model(flags), std::move(data));
  if (plans) plans->save(plan_file(config.cache, config.stream));
  if (!training.loss().note.empty()) std::fprintf(stderr, "note    %s\n", training.loss().note.c_str());
  print_plan(config, training, training.begin_weights(flags.text("resume")));
  if (flags.on("dry-run")) {
    dry_run(config, training);
    return 0;
  }
  const bool resume = flags.given("resume");
  const RunStart start = resume ? RunStart::resume : flags.on("overwrite") ? RunStart::overwrite : RunStart::create;
  RunFolder folder(resume ? std::filesystem::path(flags.text("resume")) : out_of(flags), start);
  if (!resume) {
    // The configuration last: a folder that has one can be resumed.
    if (write_split) write_file_atomically(folder.split(), data::split_csv(manifest));
    if (plans) write_file_atomically(folder.plans(), plans->text());
    write_file_atomically(folder.config(), config_of_run(flags));
  }
  return train(config, training, folder, resume);
}

}  // namespace thorax
