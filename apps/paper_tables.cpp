#include "apps/paper_tables.h"

#include <algorithm>
#include <numeric>

#include "apps/metadata.h"
#include "apps/metrics_table.h"
#include "data/csv.h"
#include "data/label_counts.h"
#include "metrics/roc.h"
#include "tensor/error.h"

namespace thorax {

namespace {

std::string cell(const std::optional<double>& value) {
  return ',' + (value ? encode_number(*value) : std::string());
}

std::string cells(const std::optional<metrics::Estimate>& estimate) {
  if (!estimate) return ",,,";
  const auto& interval = estimate->interval;
  return cell(estimate->value) + cell(interval ? std::optional(interval->low) : std::nullopt) +
         cell(interval ? std::optional(interval->high) : std::nullopt);
}

}  // namespace

MeasuredLine measured_line(const std::string& name, uint64_t seed, const Outcome& outcome,
                           const metrics::BootstrapOptions& bootstrap) {
  MeasuredLine line{name, seed, {}, metrics::evaluate(outcome.test, outcome.val, bootstrap), {}};
  metrics::BootstrapOptions none;
  none.replicates = 0;
  const metrics::Evaluation val = metrics::evaluate(outcome.val, outcome.val, none);
  if (val.mean.auc) line.val_auc = val.mean.auc->value;
  for (size_t k = 0; k < outcome.test.classes.size(); ++k) {
    const metrics::KnownScores known = metrics::known_scores(outcome.test, k);
    line.curves.push_back(metrics::roc(known.scores, known.labels));
  }
  return line;
}

std::string lines_csv(const std::vector<MeasuredLine>& lines) {
  std::string text = "line,seed,val_auc";
  for (const std::string m : {"auc", "sensitivity", "specificity", "f1"}) text += str(',', m, ',', m, "_low,", m, "_high");
  text += '\n';
  for (const MeasuredLine& line : lines) {
    const metrics::MeanEvaluation& mean = line.test.mean;
    text += str(data::csv_text(line.name), ',', line.seed, cell(line.val_auc), cells(mean.auc), cells(mean.sensitivity),
                cells(mean.specificity), cells(mean.f1), '\n');
  }
  return text;
}

std::string classes_csv(const std::vector<MeasuredLine>& lines) {
  std::string text;
  for (const MeasuredLine& line : lines) text += evaluation_csv(line.test, str(line.seed), text.empty());
  return text;
}

std::string curves_csv(const std::vector<MeasuredLine>& lines) {
  std::string text = "class,seed,cutoff,false_positive_rate,true_positive_rate\n";
  for (const MeasuredLine& line : lines)
    for (size_t k = 0; k < line.curves.size(); ++k)
      for (const metrics::RocPoint& p : line.curves[k].points)
        text += str(data::csv_text(line.test.classes[k].name), ',', line.seed, ',', encode_number(double{p.threshold}), ',',
                    encode_number(p.fpr), ',', encode_number(p.tpr), '\n');
  return text;
}

std::string cohort_csv(const data::Manifest& manifest) {
  std::string text = "class", images = "images";
  std::vector<data::LabelCounts> counts;
  for (const data::Split split : {data::Split::train, data::Split::val, data::Split::test}) {
    const std::vector<size_t> rows = manifest.of(split);
    counts.push_back(data::count_labels(manifest, rows));
    text += str(',', data::name_of(split), "_positive,", data::name_of(split), "_known");
    images += str(",,", rows.size());
  }
  text += '\n' + images + '\n';
  for (size_t k = 0; k < manifest.classes.size(); ++k) {
    text += data::csv_text(manifest.classes[k]);
    for (const data::LabelCounts& c : counts) text += str(',', encode_number(c.positives[k]), ',', c.known[k]);
    text += '\n';
  }
  return text;
}

std::string distribution_csv(const data::Manifest& manifest) {
  std::vector<size_t> rows;
  for (size_t i = 0; i < manifest.rows.size(); ++i)
    if (manifest.rows[i].split != data::Split::none) rows.push_back(i);
  const data::LabelCounts counts = data::count_labels(manifest, rows);
  std::vector<size_t> order(manifest.classes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return counts.positives[a] > counts.positives[b]; });
  std::string text = "class,images,share\n";
  for (const size_t k : order) {
    const std::optional<double> share =
        counts.known[k] > 0 ? std::optional(counts.positives[k] / static_cast<double>(counts.known[k])) : std::nullopt;
    text += data::csv_text(manifest.classes[k]) + cell(counts.positives[k]) + cell(share) + '\n';
  }
  return text;
}

}  // namespace thorax
