#include "apps/training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <optional>

#include "apps/console.h"
#include "apps/initial_weights.h"
#include "apps/interrupt.h"
#include "apps/metadata.h"
#include "apps/model_file.h"
#include "apps/printable.h"
#include "apps/scoring.h"
#include "metrics/evaluation.h"
#include "metrics/roc.h"
#include "optim/schedule.h"

namespace thorax {

namespace {

bool all_finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

}  // namespace

Training::Training(const TrainConfig& config, std::string config_text, TrainData data)
    : config_(config),
      config_text_(std::move(config_text)),
      data_(std::move(data)),
      loss_(make_loss(config.loss, data_.counts)),
      trainer_(trainer_options()),
      schedule_(resolved(config_.schedule, steps_per_epoch() * config_.epochs)) {}

std::string Training::begin_weights(const std::filesystem::path& run) {
  const RunPaths paths(run);
  if (!run.empty() && (path_exists(paths.state()) || path_exists(paths.previous_state()))) return "weights of the run";
  if (config_.init.empty()) return "random weights";
  const std::string report = take_weights(weights::WeightFile(config_.init), config_.model, 0, trainer_.store());
  return str("begins with ", printable(config_.init.filename().string()), "\n        ", report);
}

bool Training::run(RunFolder& folder, bool resumed) {
  const auto identity = this->identity();
  const std::optional<Progress> found = load_state(folder, identity, trainer_);
  if (found) progress_ = *found;
  TrainingLog log(folder, resumed ? std::optional(progress_.step) : std::nullopt);
  data::Loader train(data_.manifest, data_.train, config_.recipe, loader_options(true));
  data::Loader val(data_.manifest, data_.val, config_.recipe, loader_options(false));
  while (progress_.epoch < config_.epochs) {
    const bool whole = train_epoch(train);
    if (whole) finish_epoch(folder, val, log);
    save_state(folder, progress_, identity, trainer_);  // the commit point: what came before is done again if this is lost
    if (!whole) return false;
  }
  return true;
}

TrainerOptions Training::trainer_options() const {
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
  o.moves_images = config_.augment.any() && config_.stream.device == Device::cuda;  // processors have the loader's threads for it
  return o;
}

data::LoaderOptions Training::loader_options(bool training) const {
  data::LoaderOptions o;
  o.batch = training ? trainer_.options().batch : trainer_.options().validation_batch;
  o.workers = config_.workers;
  o.seed = config_.seed;
  o.shuffle = training;
  if (training) o.augment = config_.augment;
  o.moves_only = training && trainer_.options().moves_images;
  o.class_aware = training && config_.class_aware;
  o.cache = data_.cache;
  o.memory_limit_bytes = int64_t{2} << 30;
  return o;
}

// What a resumed run must share with the one that it continues.
std::map<std::string, std::string> Training::identity() const {
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
bool Training::train_epoch(data::Loader& loader) {
  const auto start = std::chrono::steady_clock::now();
  ProgressLine line(str("epoch ", progress_.epoch + 1, "/", config_.epochs), loader.images());
  loader.start(progress_.epoch, progress_.batch);
  data::Batch batch, next;
  bool has_next = false;
  const auto prepare_next = [&] {
    has_next = loader.next(next);
    if (has_next) trainer_.stage(next);
  };
  for (bool has_batch = loader.next(batch); has_batch; has_batch = has_next, std::swap(batch, next)) {
    const double rate = learning_rate(schedule_, progress_.step);
    const double loss = trainer_.step(batch, rate, std::ref(prepare_next));
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

void Training::finish_epoch(RunFolder& folder, data::Loader& loader, TrainingLog& log) {
  EpochRecord record;
  double loss_sum = 0;
  const metrics::Scores scores = score(trainer_.validation(), loader, data_.manifest, data_.val, [&](const data::Batch& batch) {
    loss_sum += validation_loss(batch) * static_cast<double>(batch.n);
  });
  record.epoch = progress_.epoch + 1;
  record.step = progress_.step;
  record.train_loss = progress_.loss_sum / static_cast<double>(progress_.images);
  record.val_loss = loss_sum / static_cast<double>(scores.n);
  if (!all_finite(scores.probabilities) || !std::isfinite(record.val_loss))
    throw diverged(str("epoch ", record.epoch, ", step ", record.step, ": validation scores are no numbers"));
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

void Training::write_checkpoints(RunFolder& folder, const metrics::Scores& scores, const EpochRecord& record) {
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
double Training::validation_loss(const data::Batch& batch) {
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

}  // namespace thorax
