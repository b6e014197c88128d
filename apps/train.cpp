#include "apps/verbs.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "apps/console.h"
#include "apps/device.h"
#include "apps/initial_weights.h"
#include "apps/interrupt.h"
#include "apps/isolation.h"
#include "apps/metadata.h"
#include "apps/method_flags.h"
#include "apps/model_file.h"
#include "apps/printable.h"
#include "apps/run_folder.h"
#include "apps/scoring.h"
#include "apps/train_data.h"
#include "apps/train_flags.h"
#include "apps/training_log.h"
#include "apps/training_state.h"
#include "data/split.h"
#include "metrics/evaluation.h"
#include "metrics/roc.h"
#include "optim/schedule.h"

namespace thorax {

namespace {

constexpr int exit_interrupted = 128;  // + the signal's number

class Training {
 public:
  Training(const TrainConfig& config, const std::string& config_text, TrainData data, const LossTable& loss)
      : config_(config),
        config_text_(config_text),
        data_(std::move(data)),
        loss_(loss),
        trainer_(trainer_options()),
        schedule_(resolved(config_.schedule, steps_per_epoch() * config_.epochs)) {}

  Trainer& trainer() { return trainer_; }
  const std::vector<std::string>& classes() const { return data_.manifest.classes; }
  int64_t steps_per_epoch() const { return (static_cast<int64_t>(data_.train.size()) + config_.batch - 1) / config_.batch; }

  // The job: epochs of steps, each followed by a validation and its checkpoints. Returns the exit code.
  int run(RunFolder& folder, bool resumed) {
    const auto start = std::chrono::steady_clock::now();
    const auto identity = this->identity();
    const std::optional<Progress> found = load_state(folder, identity, trainer_);
    if (found) progress_ = *found;
    TrainingLog log(folder, resumed ? std::optional(progress_.step) : std::nullopt);
    data::Loader train(data_.manifest, data_.train, config_.recipe, loader_options(true));
    data::Loader val(data_.manifest, data_.val, config_.recipe, loader_options(false));
    while (progress_.epoch < config_.epochs) {
      if (!train_epoch(train)) {
        save_state(folder, progress_, identity, trainer_);
        std::fprintf(stderr, "saved   stopped in epoch %ld; thorax train --resume %s goes on\n",
                     static_cast<long>(progress_.epoch + 1), folder.path().c_str());
        return exit_interrupted + interrupt_signal();
      }
      finish_epoch(folder, val, log);
      save_state(folder, progress_, identity, trainer_);  // the commit point: what came before is done again if this is lost
    }
    std::fprintf(stderr, "done    %ld epochs in %s; best epoch %ld, validation AUC %.3f\n        %s, %s (TensorBoard: %s)\n",
                 static_cast<long>(config_.epochs),
                 human_seconds(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()).c_str(),
                 static_cast<long>(progress_.best_epoch), progress_.best, folder.best().c_str(), folder.metrics().c_str(),
                 folder.events().c_str());
    std::fprintf(stderr, "next    thorax evaluate %s\n", folder.path().c_str());
    return 0;
  }

 private:
  TrainerOptions trainer_options() const {
    TrainerOptions o;
    o.network.model = config_.model;
    o.network.classes = static_cast<int64_t>(data_.manifest.classes.size());
    o.network.size = config_.recipe.size;
    o.network.dtype = config_.dtype;
    o.network.mean = config_.recipe.mean;
    o.network.std = config_.recipe.std;
    o.network.stream = config_.stream;
    const auto images = static_cast<int64_t>(data_.train.size());
    o.batch = std::min(config_.batch, images);
    o.last_batch = images % o.batch;
    o.validation_batch = std::min<int64_t>(config_.batch, static_cast<int64_t>(data_.val.size()));
    o.loss = loss_;
    o.seed = config_.seed;
    o.update = config_.update;
    return o;
  }

  data::LoaderOptions loader_options(bool training) const {
    data::LoaderOptions o;
    o.batch = training ? trainer_.options().batch : trainer_.options().validation_batch;
    o.workers = config_.workers;
    o.seed = config_.seed;
    o.shuffle = training;
    if (training) o.augment = config_.augment;
    o.class_aware = training && config_.class_aware;
    o.cache = data_.cache;
    o.memory_limit_bytes = int64_t{2} << 30;
    return o;
  }

  // What a resumed run must share with the one that it continues.
  std::map<std::string, std::string> identity() const {
    std::map<std::string, std::string> m = data::to_metadata(config_.recipe);
    m["thorax.model"] = config_.model;
    m["thorax.classes"] = encode_list(data_.manifest.classes);
    m["thorax.images"] = str(data_.train.size(), ' ', data_.val.size());
    m["thorax.dtype"] = name_of(config_.dtype);
    m["thorax.batch"] = str(config_.batch);
    m["thorax.epochs"] = str(config_.epochs);
    m["thorax.loss"] = config_.loss.name;
    m["thorax.seed"] = str(config_.seed);
    return m;
  }

  // The rest of the epoch under way. False: interrupted, progress_ says where.
  bool train_epoch(data::Loader& loader) {
    const auto start = std::chrono::steady_clock::now();
    ProgressLine line(str("epoch ", progress_.epoch + 1, "/", config_.epochs), loader.images());
    loader.start(progress_.epoch, progress_.batch);
    data::Batch batch;
    while (loader.next(batch)) {
      const double rate = learning_rate(schedule_, progress_.step);
      const double loss = trainer_.step(batch, rate);
      progress_.loss_sum += loss * static_cast<double>(batch.n);
      progress_.images += batch.n;
      ++progress_.batch;
      ++progress_.step;
      line.update(progress_.images, str("loss ", fixed(loss, 4), "   lr ", fixed(rate, 4)));
      if (interrupted() && progress_.batch < loader.batches()) return false;
    }
    line.finish();
    epoch_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return true;
  }

  void finish_epoch(RunFolder& folder, data::Loader& loader, TrainingLog& log) {
    EpochRecord record;
    double loss_sum = 0;
    const metrics::Scores scores = score(trainer_.validation(), loader, data_.manifest, data_.val, [&](const data::Batch& batch) {
      loss_sum += validation_loss(batch) * static_cast<double>(batch.n);
    });
    record.epoch = progress_.epoch + 1;
    record.step = progress_.step;
    record.train_loss = progress_.loss_sum / static_cast<double>(progress_.images);
    record.val_loss = loss_sum / static_cast<double>(scores.n);
    record.learning_rate = learning_rate(schedule_, progress_.step - 1);
    record.seconds = epoch_seconds_;
    record.classes = scores.classes;
    int64_t defined = 0;
    for (size_t k = 0; k < scores.classes.size(); ++k) {
      const metrics::KnownScores known = metrics::known_scores(scores, k);
      record.auc.push_back(metrics::auc(known.scores, known.labels));
      if (record.auc.back()) record.macro_auc += *record.auc.back(), ++defined;
    }
    record.macro_auc /= static_cast<double>(std::max<int64_t>(1, defined));
    record.best = record.macro_auc > progress_.best;
    if (record.best) progress_.best = record.macro_auc, progress_.best_epoch = record.epoch;
    write_checkpoints(folder, scores, record);
    log.add(record);
    progress_ = {record.epoch, 0, progress_.step, 0, 0, progress_.best, progress_.best_epoch};
  }

  void write_checkpoints(RunFolder& folder, const metrics::Scores& scores, const EpochRecord& record) {
    ModelDescription d;
    d.model = config_.model;
    d.classes = data_.manifest.classes;
    d.recipe = config_.recipe;
    d.dtype = config_.dtype;
    d.cutoffs = metrics::choose_cutoffs(scores);
    d.epoch = record.epoch;
    d.validation_images = scores.n;
    d.config = config_text_;
    write_model(folder.last(), d, trainer_.evaluated());
    if (record.best) write_model(folder.best(), d, trainer_.evaluated());
  }

  // Of the logits that the validation program just made.
  double validation_loss(const data::Batch& batch) {
    std::vector<float> labels(batch.labels);
    std::vector<float> mask(batch.mask);
    const Shape shape{batch.n, static_cast<int64_t>(data_.manifest.classes.size())};
    const auto view = [&](std::vector<float>& v) { return Tensor{v.data(), shape, DType::f32, Layout::plain}; };
    Tensor logits = trainer_.validation().logits();
    logits.shape = shape;
    float loss = 0;
    loss_forward_backward({Device::cpu, 1}, logits, view(labels), view(mask), loss_, &loss, Tensor{});
    return static_cast<double>(loss);
  }

  const TrainConfig& config_;
  const std::string& config_text_;
  TrainData data_;
  const LossTable& loss_;
  Trainer trainer_;
  Schedule schedule_;
  Progress progress_;
  double epoch_seconds_ = 0;
};

// The weights that a new run begins with; returns where they come from. A run that has a state goes on with that.
std::string begin_weights(const TrainConfig& config, const Flags& flags, Store& store) {
  const RunPaths run(flags.text("resume"));
  const bool begun = flags.given("resume") && (path_exists(run.state()) || path_exists(run.previous_state()));
  if (begun) return "weights of the run";
  if (config.init.empty()) return "random weights";
  const std::string report = take_weights(weights::WeightFile(config.init), config.model, 0, store);
  return str("begins with ", printable(config.init.filename().string()), "\n        ", report);
}

void print_plan(const TrainConfig& config, Training& training, const std::string& origin) {
  Program& program = training.trainer().training_program();
  std::fprintf(stderr, "input   grey, %s, %s to %ldx%ld, (x/255 - %.4g)/%.4g\n",
               config.recipe.equalize ? "histogram equalised" : "as it is",
               config.recipe.fit == Fit::stretch ? "stretched" : "padded", static_cast<long>(config.recipe.size),
               static_cast<long>(config.recipe.size), static_cast<double>(config.recipe.mean),
               static_cast<double>(config.recipe.std));
  std::fprintf(stderr, "model   %s, %s parameters, %s\n", config.model.c_str(),
               with_commas(training.trainer().store().parameter_count()).c_str(), origin.c_str());
  std::fputs(method_lines(config, training.trainer().options().loss, training.classes()).c_str(), stderr);
  std::fprintf(stderr, "plan    %s, %s; %.2f TFLOP a step of %ld\n        %s of memory, known before it runs\n",
               device_text(config.stream).c_str(), config.dtype == DType::bf16 ? "bf16" : "fp32", program.flops() * 1e-12,
               static_cast<long>(config.batch), human_bytes(static_cast<int64_t>(training.trainer().bytes())).c_str());
}

// One step measured on empty images: what a whole epoch would take.
void dry_run(const TrainConfig& config, Training& training) {
  data::Batch batch;
  const TrainerOptions& o = training.trainer().options();
  batch.n = o.batch;
  batch.pixels.assign(static_cast<size_t>(o.batch * o.network.size * o.network.size), 128);
  batch.labels.assign(static_cast<size_t>(o.batch * o.network.classes), 0.0F);
  batch.mask.assign(batch.labels.size(), 1.0F);
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

}  // namespace

int run_train(Flags& flags) {
  const TrainConfig config = train_config(flags);
  const std::string text = config_of_model(flags);
  int64_t dropped = 0;
  TrainData data = load_train_data(config, dropped);
  print_data(config, data, dropped);
  warn_where_decoders_have_rights();
  const LossTable loss = make_loss(config.loss, data.counts);
  if (!loss.note.empty()) std::fprintf(stderr, "note    %s\n", loss.note.c_str());
  const bool write_split = data.split_here;
  const data::Manifest manifest = write_split ? data.manifest : data::Manifest{};
  Training training(config, text, std::move(data), loss);
  print_plan(config, training, begin_weights(config, flags, training.trainer().store()));
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
    write_file_atomically(folder.config(), config_of_run(flags));
  }
  catch_interrupts();
  return training.run(folder, resume);
}

}  // namespace thorax
