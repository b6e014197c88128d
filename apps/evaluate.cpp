#include <cstdio>

#include "apps/console.h"
#include "apps/device.h"
#include "apps/ensemble.h"
#include "apps/image_cache.h"
#include "apps/isolation.h"
#include "apps/measured.h"
#include "apps/metrics_table.h"
#include "apps/printable.h"
#include "apps/reliability_table.h"
#include "apps/run_table.h"
#include "apps/subgroups.h"
#include "apps/train_flags.h"
#include "apps/verbs.h"
#include "data/csv.h"
#include "metrics/calibration.h"
#include "metrics/evaluation.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace thorax {

Flags evaluate_flags() {
  std::vector<Flag> flags{
      {"interval", "percentile|bca", "how the 95% intervals are made", "percentile"},
      {"intervals", "", "those of average precision, sensitivity, specificity and F1, too", ""},
      {"by", "COLUMN", "all of it again for each value of this column", ""},
      {"bands", "A,B,...", "limits for a --by column of numbers", "1,5,10,18,40,65"},
      {"reliability", "", "Brier score, calibration error and reliability by class", ""},
      {"csv", "FILE", "write the figures there too", ""},
      {"scores", "FILE", "write every probability there", ""},
  };
  const std::vector<Flag> common = measuring_flags();
  flags.insert(flags.begin(), common.begin(), common.end());
  const std::vector<Flag> decisions = decision_flags();
  flags.insert(flags.begin() + static_cast<std::ptrdiff_t>(common.size()), decisions.begin(), decisions.end());
  return Flags(
      "evaluate", "RUN... [flags]",
      "Measures a trained model, or the mean of several, on the test images of its own table, or of another.", std::move(flags),
      {"thorax evaluate run", "thorax evaluate run1 run2 run3 --tta flip --resample patient",
       "thorax evaluate run --by sex --cutoff sensitivity=0.9", "thorax evaluate run --data other.csv --split all --json"},
      true);
}

namespace {

void write_scores(const std::filesystem::path& file, const metrics::Scores& scores, const data::Manifest& manifest,
                  const std::vector<size_t>& rows) {
  std::string text = "image";
  for (const std::string& c : scores.classes) text += ',' + data::csv_text(c);
  text += '\n';
  for (size_t i = 0; i < rows.size(); ++i) {
    text += data::csv_text(manifest.rows[rows[i]].image);
    for (size_t k = 0; k < scores.classes.size(); ++k)
      text += ',' + fixed(static_cast<double>(scores.probabilities[i * scores.classes.size() + k]), 6);
    text += '\n';
  }
  write_file_atomically(file, text);
}

class Report {
 public:
  Report(const Flags& flags, const Measured& measured, const data::Manifest& manifest, const std::vector<size_t>& rows,
         EvaluationHeading heading)
      : flags_(flags), measured_(measured), manifest_(manifest), rows_(rows), heading_(std::move(heading)) {}

  void whole() {
    evaluate(measured_.scores, rows_, "");
    if (!flags_.on("reliability")) return;
    text_ += reliability_table(measured_.scores, measured_.calibrations);
    json_extra_ += ", \"reliability\": " + reliability_json(measured_.scores, measured_.calibrations);
  }

  void by(const std::string& column, const std::filesystem::path& table) {
    std::string groups;
    const std::string whole_json = json_;
    const std::string split = heading_.split;
    for (const Subgroup& group : subgroups(table, manifest_, rows_, column, band_limits(flags_.list("bands")))) {
      std::vector<size_t> rows;
      for (const size_t i : group.order) rows.push_back(rows_[i]);
      heading_.split = str(split, ", ", column, " ", group.name);
      text_ += '\n';
      evaluate(part_of(measured_.scores, group.order), rows, group.name);
      groups += str(groups.empty() ? "" : ", ", "{\"value\": ", json_quote(printable(group.name)), ", ", json_.substr(1));
      groups.pop_back();  // the line's end
    }
    json_ = whole_json;
    json_extra_ += str(", \"by\": ", json_quote(printable(column)), ", \"groups\": [", groups, "]");
  }

  void print() const {
    const std::string& out = flags_.on("json") ? json_.substr(0, json_.size() - 2) + json_extra_ + "}\n" : text_;
    std::fputs(out.c_str(), stdout);
    if (flags_.given("csv")) write_file_atomically(flags_.text("csv"), csv_);
    if (flags_.given("scores")) write_scores(flags_.text("scores"), measured_.scores, manifest_, rows_);
  }

 private:
  void evaluate(const metrics::Scores& scores, const std::vector<size_t>& rows, const std::string& group) {
    metrics::BootstrapOptions bootstrap = bootstrap_options(flags_, manifest_, rows);
    bootstrap.bca = flags_.choice("interval", {"percentile", "bca"}) == "bca";
    heading_.patients = patients_of(manifest_, rows);
    heading_.resampling = resampling_text(bootstrap);
    const metrics::Evaluation evaluation = metrics::evaluate(scores, measured_.cutoffs, bootstrap);
    text_ += evaluation_table(evaluation, heading_) + (flags_.on("intervals") ? interval_lines(evaluation) : "");
    json_ = evaluation_json(evaluation, heading_);
    csv_ += evaluation_csv(evaluation, flags_.given("by") ? std::optional(group) : std::nullopt, csv_.empty());
  }

  const Flags& flags_;
  const Measured& measured_;
  const data::Manifest& manifest_;
  const std::vector<size_t>& rows_;
  EvaluationHeading heading_;
  std::string text_, json_, json_extra_, csv_;
};

}  // namespace

int run_evaluate(Flags& flags) {
  const std::vector<std::string>& runs = flags.positionals();
  if (runs.empty()) throw Error(Fault::input, "evaluate: a RUN is expected", "thorax evaluate --help has examples");
  ProgressLine::set_quiet(flags.on("quiet"));
  const std::string split = flags.choice("split", {"train", "val", "test", "all"});
  cutoff_policy(flags.text("cutoff"));  // refused before anything is computed
  warn_where_decoders_have_rights();
  const Ensemble models(runs, flags.integer("batch", 1, 4096), stream_of(flags), test_views(flags));
  const data::Manifest manifest = table_of(flags, runs[0], models.classes());
  const std::vector<size_t> rows = rows_of(manifest, split);
  if (split != "train") warn_of_training_images(flags, runs, manifest, rows, models.classes());
  const Measured measured = measure(flags, models, manifest, rows);
  Report report(flags, measured, manifest, rows,
                {models.name(), models.size() == 1 ? models.first().epoch : 0, split, {}, measured.cutoffs_text});
  report.whole();
  if (flags.given("by")) report.by(flags.text("by"), manifest.table);
  report.print();
  return 0;
}

}  // namespace thorax
