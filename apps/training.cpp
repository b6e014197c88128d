#include "apps/training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <optional>
#include <span>

#include "apps/console.h"
#include "apps/gathered.h"
#include "apps/initial_weights.h"
#include "apps/interrupt.h"
#include "apps/metadata.h"
#include "apps/model_file.h"
#include "apps/printable.h"
#include "apps/scoring.h"
#include "metrics/evaluation.h"
#include "metrics/roc.h"
#include "optim/schedule.h"
#include "tensor/checksum.h"

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

bool Training::run(RunFolder* folder, bool resumed) {
  const auto identity = this->identity();
  refuse_other_ranks(identity);
  begin(folder, identity);
  std::optional<TrainingLog> log;
  if (folder != nullptr) log.emplace(*folder, resumed ? std::optional(progress_.step) : std::nullopt);
  data::Loader train(data_.manifest, data_.train, config_.recipe, loader_options(true));
  data::Loader val(data_.manifest, data_.val, config_.recipe, loader_options(false));
  while (progress_.epoch < config_.epochs) {
    const bool whole = train_epoch(train);
    trainer_.share_statistics();
    trainer_.check_replicas();
    if (whole) {
      EpochRecord record;
      const metrics::Scores scores = validate(val, record);
      record = finish_epoch(scores, std::move(record));
      if (folder != nullptr) write_checkpoints(*folder, scores, record);
      if (folder != nullptr) log->add(record);
    }
    // The commit point: what came before is done again if this is lost.
    if (folder != nullptr) save_state(*folder, progress_, identity, trainer_);
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
  o.communicator = config_.communicator;
  o.sync_batch_norm = config_.sync_batch_norm;
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
  if (const Communicator* c = config_.communicator) o.rank = c->rank(), o.ranks = c->size();
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

// Of what all ranks must have alike, or they would train different models and wait for each other forever.
void Training::refuse_other_ranks(const std::map<std::string, std::string>& identity) const {
  Xxh64 hash;
  const auto add = [&](const auto& values) { hash.update(std::as_bytes(std::span(values))); };
  for (const auto& [key, value] : identity) add(key), add(value);
  add(config_text_);
  for (const std::vector<size_t>* rows : {&data_.train, &data_.val})
    for (const size_t row : *rows) add(data_.manifest.rows[row].labels);
  const std::vector<uint64_t> all = of_ranks(config_.communicator, hash.digest());
  for (size_t r = 1; r < all.size(); ++r)
    if (all[r] != all[0])
      throw Error(Fault::input, str("rank ", r, " was started with other data or options than rank 0"),
                  "all ranks need the same command, table and images");
}

// Where the run stands: rank 0 reads it, the others get it.
void Training::begin(const RunFolder* folder, const std::map<std::string, std::string>& identity) {
  if (folder != nullptr) progress_ = load_state(*folder, identity, trainer_).value_or(progress_);
  progress_ = of_ranks(config_.communicator, progress_)[0];
  trainer_.set_steps(progress_.step);
  trainer_.share_everything();
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
    progress_.loss_sum += loss * static_cast<double>(batch.of_all);
    progress_.images += batch.of_all;
    ++progress_.batch;
    ++progress_.step;
    line.update(progress_.images, str("loss ", fixed(loss, 4), "   lr ", fixed(rate, 4)));
    if (interrupted_anywhere() && progress_.batch < loader.batches()) return false;
  }
  line.finish();
  epoch_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return true;
}

// All ranks stop behind the same step, whichever of them the signal reached.
bool Training::interrupted_anywhere() const {
  for (const int signal : of_ranks(config_.communicator, interrupt_signal()))
    if (signal != 0 && !interrupted()) share_interrupt(signal);
  return interrupted();
}

// The scores of all ranks' images, and their loss in the record.
metrics::Scores Training::validate(data::Loader& loader, EpochRecord& record) {
  Network& network = trainer_.validation();
  const auto classes = static_cast<int64_t>(data_.manifest.classes.size());
  std::vector<float> logits(data_.val.size() * data_.manifest.classes.size(), 0.0F);
  metrics::Scores scores = score(network, loader, data_.manifest, data_.val, [&](const data::Batch& batch) {
    std::copy_n(network.logits().as<float>(), batch.n * classes, logits.begin() + batch.first * classes);
  });
  // Each rank has zeros where the others have theirs.
  sum_over_ranks(config_.communicator, scores.probabilities);
  sum_over_ranks(config_.communicator, logits);
  record.val_loss = validation_loss(logits);
  return scores;
}

EpochRecord Training::finish_epoch(const metrics::Scores& scores, EpochRecord record) {
  record.epoch = progress_.epoch + 1;
  record.step = progress_.step;
  record.train_loss = progress_.loss_sum / static_cast<double>(progress_.images);
  if (!all_finite(scores.probabilities) || !std::isfinite(record.val_loss))
    throw diverged(str("epoch ", record.epoch, ", step ", record.step, ": validation scores are no numbers"));
  record.learning_rate = learning_rate(schedule_, progress_.step - 1);
  record.seconds = epoch_seconds_;
  if (LossScale* scale = trainer_.loss_scale()) record.loss_scale = scale->state();
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
  progress_ = {record.epoch, 0, progress_.step, 0, 0, progress_.best, progress_.best_epoch};
  return record;
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

// Of the logits of all validation images.
double Training::validation_loss(std::vector<float>& logits) const {
  std::vector<float> labels, mask;
  for (const size_t row : data_.val) {
    for (const float label : data_.manifest.rows[row].labels) {
      labels.push_back(std::isnan(label) ? 0.0F : label);
      mask.push_back(std::isnan(label) ? 0.0F : 1.0F);
    }
  }
  const Shape shape{static_cast<int64_t>(data_.val.size()), static_cast<int64_t>(data_.manifest.classes.size())};
  const auto view = [&](std::vector<float>& v) { return Tensor{v.data(), shape, DType::f32, Layout::plain}; };
  float loss = 0;
  loss_forward_backward({Device::cpu, 1}, view(logits), view(labels), view(mask), loss_, &loss, Tensor{});
  return static_cast<double>(loss);
}

}  // namespace thorax
