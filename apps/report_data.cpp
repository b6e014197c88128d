#include <cmath>

#include "apps/cohort_table.h"
#include "apps/report_charts.h"
#include "apps/report_sections.h"
#include "data/cohort.h"
#include "tensor/error.h"

namespace thorax {

namespace {

std::string labels_chart(const data::Manifest& manifest) {
  BarChart chart{"Images with each finding", {"images", {}}, {}, {}};
  std::vector<data::LabelCounts> counts;
  for (const data::Split split : {data::Split::train, data::Split::val, data::Split::test, data::Split::none}) {
    const std::vector<size_t> rows = manifest.of(split);
    if (rows.empty()) continue;
    chart.series.emplace_back(split == data::Split::none ? "no split" : data::name_of(split));
    counts.push_back(data::count_labels(manifest, rows));
  }
  for (size_t k = 0; k < manifest.classes.size(); ++k) {
    chart.rows.push_back({manifest.classes[k], {}});
    for (const data::LabelCounts& c : counts) chart.rows.back().values.push_back(c.positives[k]);
  }
  return chart_html(chart);
}

// The values of a key over the epochs; where it was not defined, the curve has no point.
std::vector<Range> over_epochs(const std::vector<JournalRecord>& epochs, const std::string& key) {
  std::vector<Range> points;
  for (const JournalRecord& record : epochs) {
    const double value = record.number(key);
    if (std::isfinite(value)) points.emplace_back(record.number("epoch"), value);
  }
  return points;
}

}  // namespace

HtmlSection data_section(const data::Manifest& manifest) {
  const CohortRows rows = cohort_rows(manifest);
  std::vector<std::string> header{""};
  header.insert(header.end(), rows.parts.begin(), rows.parts.end());
  HtmlTable known("Images, patients and findings; per cents are of the known labels", header);
  for (const auto& row : rows.known) known.row(row);
  std::string html = labels_chart(manifest) + known.html();
  if (!rows.unknown.empty()) {
    HtmlTable unknown("Labels that are not known", header);
    for (const auto& row : rows.unknown) unknown.row(row);
    html += unknown.html();
  }
  const size_t shared = manifest.has_patients ? manifest.patients_in_two_splits().size() : 0;
  if (shared > 0)
    html +=
        str("<p class=\"warning\">", shared, " patients have images in more than one split: the figures below flatter.</p>\n");
  return {"data", "Data", html};
}

HtmlSection learning_section(const std::vector<JournalRecord>& epochs, const std::vector<std::string>& classes) {
  if (epochs.empty()) return {"learning", "Learning", "<p>No epoch has ended yet.</p>\n"};
  const LineChart loss{
      .title = "Loss",
      .x = {"epoch", {}},
      .y = {"loss", {}},
      .series = {{"training", over_epochs(epochs, "train_loss")}, {"validation", over_epochs(epochs, "val_loss")}},
      .points = true};
  LineChart auc{.title = "AUC on the validation images",
                .x = {"epoch", {}},
                .y = {"AUC", {}},
                .series = {{"mean", over_epochs(epochs, "macro_auc")}},
                .points = true};
  // More than a few curves cannot be told apart.
  for (size_t k = 0; k < classes.size() && classes.size() <= 5; ++k) {
    auc.series.push_back({classes[k], {}});
    for (const JournalRecord& record : epochs)
      if (k < record.numbers("auc").size() && std::isfinite(record.numbers("auc")[k]))
        auc.series.back().points.emplace_back(record.number("epoch"), record.numbers("auc")[k]);
  }
  const LineChart rate{.title = "Learning rate at the end of each epoch",
                       .x = {"epoch", {}},
                       .y = {"learning rate", {}},
                       .series = {{"learning rate", over_epochs(epochs, "lr")}},
                       .points = true};
  return {"learning", "Learning", "<div class=\"row\">\n" + chart_html(loss) + chart_html(auc) + chart_html(rate) + "</div>\n"};
}

}  // namespace thorax
