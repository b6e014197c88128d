#include <algorithm>
#include <cmath>

#include "apps/console.h"
#include "apps/metrics_table.h"
#include "apps/report_charts.h"
#include "apps/report_sections.h"
#include "metrics/roc.h"
#include "tensor/error.h"

namespace thorax {

namespace {

using metrics::ClassEvaluation;
using metrics::Estimate;
using metrics::Evaluation;

constexpr size_t most_points = 400;  // of a curve: more than a screen shows

std::string cell(const std::optional<Estimate>& e) {
  if (!e) return "-";
  return fixed(e->value, 3) + (e->interval ? str(" (", fixed(e->interval->low, 3), "-", fixed(e->interval->high, 3), ")") : "");
}

std::optional<Range> range_of(const std::optional<Estimate>& e) {
  return e && e->interval ? std::optional(Range{e->interval->low, e->interval->high}) : std::nullopt;
}

// The first, the last and evenly chosen points between them.
std::vector<Range> thinned(const std::vector<Range>& points) {
  if (points.size() <= most_points) return points;
  std::vector<Range> kept;
  for (size_t i = 0; i < most_points; ++i) kept.push_back(points[i * (points.size() - 1) / (most_points - 1)]);
  return kept;
}

std::string roc_chart(const metrics::RocCurve& curve, const ClassEvaluation& one) {
  LineChart chart{.title = "ROC: AUC " + cell(one.auc),
                  .x = {"1 - specificity", Range{0, 1}},
                  .y = {"sensitivity", Range{0, 1}},
                  .series = {{"ROC", {}}},
                  .diagonal = true};
  std::vector<Range>& points = chart.series[0].points;
  for (const metrics::RocPoint& p : curve.points) {
    // A point on a straight line between its neighbours draws nothing.
    const size_t n = points.size();
    if (n >= 2 && ((points[n - 1].first == p.fpr && points[n - 2].first == p.fpr) ||
                   (points[n - 1].second == p.tpr && points[n - 2].second == p.tpr)))
      points.pop_back();
    points.emplace_back(p.fpr, p.tpr);
  }
  points = thinned(points);
  if (one.sensitivity && one.specificity) {
    std::optional<Range> x = range_of(one.specificity);
    if (x) x = Range{1 - x->second, 1 - x->first};
    chart.marks.push_back({str("sensitivity ", cell(one.sensitivity), ", specificity ", cell(one.specificity)),
                           1 - one.specificity->value, one.sensitivity->value, x, range_of(one.sensitivity)});
  }
  return chart_html(chart);
}

std::string precision_recall_chart(const metrics::RocCurve& curve, const ClassEvaluation& one, const metrics::Confusion* c) {
  LineChart chart{.title = "Precision-recall: AP " + cell(one.average_precision),
                  .x = {"recall (sensitivity)", Range{0, 1}},
                  .y = {"precision", Range{0, 1}},
                  .series = {{"precision", {}}}};
  std::vector<Range>& points = chart.series[0].points;
  for (const metrics::RocPoint& p : curve.points)
    if (p.tp + p.fp > 0) points.emplace_back(p.tpr, static_cast<double>(p.tp) / static_cast<double>(p.tp + p.fp));
  points = thinned(points);
  if (c != nullptr && one.sensitivity && c->tp + c->fp > 0)
    chart.marks.push_back({str("recall ", cell(one.sensitivity)),
                           one.sensitivity->value,
                           static_cast<double>(c->tp) / static_cast<double>(c->tp + c->fp),
                           range_of(one.sensitivity),
                           {}});
  return chart_html(chart);
}

std::string calibration_chart(const metrics::KnownScores& known) {
  const auto r = metrics::reliability(known.scores, known.labels);
  if (!r) return {};
  LineChart chart{.title = str("Calibration: Brier score ", fixed(r->brier, 3), ", ECE ", fixed(r->ece, 3)),
                  .x = {"predicted probability", Range{0, 1}},
                  .y = {"share of positive images", Range{0, 1}},
                  .series = {{"observed", {}}},
                  .diagonal = true,
                  .points = true};
  for (const metrics::ReliabilityBin& bin : r->bins)
    if (bin.images > 0)
      chart.series[0].points.emplace_back(bin.predicted, static_cast<double>(bin.positives) / static_cast<double>(bin.images));
  return chart_html(chart);
}

std::string share(int64_t part, int64_t whole) {
  return whole > 0 ? fixed(static_cast<double>(part) / static_cast<double>(whole), 3) : "-";
}

std::string confusion_table(const metrics::Confusion& c, float cutoff) {
  HtmlTable table(str("Confusion at the cut-off ", fixed(double{cutoff}, 3)), {"", "called positive", "called negative", ""});
  table.row({"positive", with_commas(c.tp), with_commas(c.fn), "sensitivity " + share(c.tp, c.tp + c.fn)});
  table.row({"negative", with_commas(c.fp), with_commas(c.tn), "specificity " + share(c.tn, c.tn + c.fp)});
  table.last_row({"", "PPV " + share(c.tp, c.tp + c.fp), "NPV " + share(c.tn, c.tn + c.fn), "F1 " + fixed(c.f1(), 3)});
  return table.html();
}

std::string class_html(const Measured& measured, const ClassEvaluation& one, size_t k, int64_t replicates) {
  const metrics::KnownScores known = metrics::known_scores(measured.scores, k);
  std::string html = str("<h3 id=\"class-", k + 1, "\">", html_text(one.name), "</h3>\n<p class=\"quiet\">",
                         with_commas(one.n_positive), " positive of ", with_commas(one.n_known), " images</p>\n");
  const std::string note = evaluation_note(one, replicates);
  if (!note.empty()) html += str("<p class=\"quiet\">", html_text(note), "</p>\n");
  if (!one.is_defined()) return html;
  std::optional<metrics::Confusion> confusion;
  if (one.cutoff) confusion = metrics::confusion(known.scores, known.labels, *one.cutoff);
  const metrics::RocCurve curve = metrics::roc(known.scores, known.labels);
  html += "<div class=\"row\">\n" + roc_chart(curve, one) +
          precision_recall_chart(curve, one, confusion ? &*confusion : nullptr) + calibration_chart(known) + "</div>\n";
  if (confusion) html += confusion_table(*confusion, *one.cutoff);
  return html;
}

}  // namespace

HtmlSection results_section(const Evaluation& evaluation, const std::string& heading) {
  IntervalChart chart{"AUC with its 95% interval", {"AUC", {}}, 0.5, {}};
  HtmlTable table("All figures, with 95% intervals",
                  {"", "positive", "cut-off", "AUC", "average precision", "sensitivity", "specificity", "F1"});
  const auto cells = [](const auto& row) {
    return std::vector{cell(row.auc), cell(row.average_precision), cell(row.sensitivity), cell(row.specificity), cell(row.f1)};
  };
  for (const ClassEvaluation& one : evaluation.classes) {
    if (one.auc) chart.rows.push_back({one.name, one.auc->value, range_of(one.auc)});
    std::vector<std::string> row{one.name, with_commas(one.n_positive),
                                 one.cutoff && std::isfinite(*one.cutoff) ? fixed(double{*one.cutoff}, 3) : "-"};
    for (const std::string& c : cells(one)) row.push_back(c);
    table.row(row);
  }
  if (evaluation.mean.auc) chart.rows.push_back({"mean", evaluation.mean.auc->value, range_of(evaluation.mean.auc)});
  std::vector<std::string> mean{"mean", "", ""};
  for (const std::string& c : cells(evaluation.mean)) mean.push_back(c);
  table.last_row(mean);
  std::string html = str("<p>", html_text(heading), "</p>\n", chart.rows.empty() ? "" : chart_html(chart), table.html());
  for (const ClassEvaluation& one : evaluation.classes) {
    const std::string note = evaluation_note(one, evaluation.replicates);
    if (!note.empty()) html += str("<p class=\"quiet\">", html_text(one.name + ": " + note), "</p>\n");
  }
  const std::string note = mean_note(evaluation);
  if (!note.empty()) html += str("<p class=\"quiet\">mean: ", html_text(note), "</p>\n");
  return {"results", "Results", html};
}

HtmlSection classes_section(const Measured& measured, const Evaluation& evaluation) {
  std::string html;
  for (size_t k = 0; k < evaluation.classes.size(); ++k)
    html += class_html(measured, evaluation.classes[k], k, evaluation.replicates);
  return {"classes", "Classes", html};
}

}  // namespace thorax
