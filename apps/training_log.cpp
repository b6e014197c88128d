#include "apps/training_log.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "apps/console.h"
#include "apps/journal.h"
#include "apps/metadata.h"
#include "apps/tensorboard.h"

namespace thorax {

namespace {

std::string auc_text(const std::optional<double>& auc) { return auc ? fixed(*auc, 3) : std::string("undefined"); }

std::string json_line(const EpochRecord& r) {
  std::string aucs;
  for (size_t k = 0; k < r.classes.size(); ++k) {
    const std::string name = encode_list({r.classes[k]});
    aucs += (k > 0 ? ", " : "") + name.substr(1, name.size() - 2) + ": " + (r.auc[k] ? encode_number(*r.auc[k]) : "null");
  }
  return str("{\"epoch\": ", r.epoch, ", \"step\": ", r.step, ", \"train_loss\": ", encode_number(r.train_loss), ", \"val_loss\": ",
             encode_number(r.val_loss), ", \"lr\": ", encode_number(r.learning_rate), ", \"macro_auc\": ", encode_number(r.macro_auc),
             ", \"auc\": {", aucs, "}, \"seconds\": ", fixed(r.seconds, 1), ", \"best\": ", r.best ? "true" : "false", "}");
}

}  // namespace

struct TrainingLog::Files {
  Journal journal;
  TensorBoard board;
};

TrainingLog::TrainingLog(const RunFolder& folder, int64_t epoch)
    : files_(std::make_unique<Files>(Files{Journal(folder.metrics(), epoch), TensorBoard(folder.events())})) {}

TrainingLog::~TrainingLog() = default;

void TrainingLog::add(const EpochRecord& r) {
  std::string aucs;
  for (size_t k = 0; k < r.auc.size() && k < 5; ++k) aucs += (k > 0 ? " " : "") + auc_text(r.auc[k]);
  if (r.auc.size() > 5) aucs += " ...";
  std::fprintf(stderr, "epoch %3ld  train %.4f  val %.4f  AUC %.3f (%s)  %s%s\n", static_cast<long>(r.epoch), r.train_loss, r.val_loss, r.macro_auc,
               aucs.c_str(), human_seconds(r.seconds).c_str(), r.best ? "  best" : "");
  files_->journal.append(json_line(r));
  files_->board.add("loss/train", r.train_loss, r.epoch);
  files_->board.add("loss/val", r.val_loss, r.epoch);
  files_->board.add("lr", r.learning_rate, r.epoch);
  files_->board.add("auc/macro", r.macro_auc, r.epoch);
  for (size_t k = 0; k < r.auc.size(); ++k) {
    if (r.auc[k]) files_->board.add("auc/" + r.classes[k], *r.auc[k], r.epoch);
  }
}

}  // namespace thorax
