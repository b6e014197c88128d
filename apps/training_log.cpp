#include "apps/training_log.h"

#include <cmath>
#include <cstdio>

#include "apps/console.h"
#include "apps/journal.h"
#include "apps/tensorboard.h"

namespace thorax {

namespace {

std::string auc_text(const std::optional<double>& auc) {
  return auc ? fixed(*auc, 3) : std::string("undefined");
}

// One line of at most 80 columns: as many classes as fit.
std::string epoch_text(const EpochRecord& r) {
  const std::string number = std::to_string(r.epoch);
  std::string text = "epoch " + std::string(number.size() < 3 ? 3 - number.size() : 0, ' ') + number;
  text += "  train " + fixed(r.train_loss, 4) + "  val " + fixed(r.val_loss, 4) + "  AUC " + fixed(r.macro_auc, 3) + " (";
  const std::string end = ")  " + human_seconds(r.seconds) + (r.best ? "  best" : "");
  for (size_t k = 0; k < r.auc.size(); ++k) {
    const std::string one = (k > 0 ? " " : "") + auc_text(r.auc[k]);
    const size_t more = k + 1 < r.auc.size() ? 4 : 0;
    if (text.size() + one.size() + more + end.size() > 80) {
      text += k > 0 ? " ..." : "...";
      break;
    }
    text += one;
  }
  return text + end;
}

JournalRecord journal_record(const EpochRecord& r) {
  JournalRecord line;
  line.add("epoch", static_cast<double>(r.epoch)).add("step", static_cast<double>(r.step));
  line.add("train_loss", r.train_loss).add("val_loss", r.val_loss).add("lr", r.learning_rate).add("macro_auc", r.macro_auc);
  std::vector<double> aucs;
  for (const auto& auc : r.auc) aucs.push_back(auc.value_or(std::nan("")));
  line.add("auc", aucs).add("seconds", r.seconds);
  if (!r.loss_scale) return line;
  return line.add("loss_scale", static_cast<double>(r.loss_scale->scale))
      .add("skipped_steps", static_cast<double>(r.loss_scale->skipped));
}

}  // namespace

struct TrainingLog::Files {
  Journal journal;
  TensorBoard board;
};

TrainingLog::TrainingLog(const RunFolder& folder, std::optional<int64_t> resumed_step)
    : files_(
          std::make_unique<Files>(Files{Journal(folder.metrics(), resumed_step), TensorBoard(folder.events(), resumed_step)})) {}

TrainingLog::~TrainingLog() = default;

void TrainingLog::add(const EpochRecord& r) {
  std::fprintf(stderr, "%s\n", epoch_text(r).c_str());
  files_->journal.append(journal_record(r));
  files_->journal.sync();
  files_->board.add_scalar("loss/train", r.train_loss, r.step);
  files_->board.add_scalar("loss/val", r.val_loss, r.step);
  files_->board.add_scalar("lr", r.learning_rate, r.step);
  files_->board.add_scalar("auc/macro", r.macro_auc, r.step);
  if (r.loss_scale) files_->board.add_scalar("loss_scale", static_cast<double>(r.loss_scale->scale), r.step);
  for (size_t k = 0; k < r.auc.size(); ++k) {
    if (r.auc[k]) files_->board.add_scalar("auc/" + r.classes[k], *r.auc[k], r.step);
  }
}

}  // namespace thorax
