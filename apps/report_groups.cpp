#include "apps/console.h"
#include "apps/report_charts.h"
#include "apps/report_sections.h"
#include "tensor/error.h"

namespace thorax {

namespace {

using metrics::ClassComparison;
using metrics::Comparison;
using metrics::Evaluation;

std::optional<Range> range_of(const std::optional<metrics::Interval>& i) {
  return i ? std::optional(Range{i->low, i->high}) : std::nullopt;
}

IntervalChart::Row mean_row(const std::string& name, const Evaluation& e) {
  return {str(name, " (", with_commas(e.n), ")"), e.mean.auc->value, range_of(e.mean.auc->interval)};
}

std::string text_of(const std::optional<metrics::Estimate>& e) {
  if (!e) return "-";
  return fixed(e->value, 3) + (e->interval ? str(" (", fixed(e->interval->low, 3), "-", fixed(e->interval->high, 3), ")") : "");
}

std::string division_html(const Division& d, const Evaluation& whole) {
  IntervalChart chart{str("Mean AUC by ", d.name, " (images)"), {"mean AUC", {}}, 0.5, {}};
  if (whole.mean.auc) chart.rows.push_back(mean_row("all", whole));
  std::vector<std::string> header{"AUC", "all"};
  for (const Division::Group& g : d.groups) {
    header.push_back(g.name);
    if (g.evaluation.mean.auc) chart.rows.push_back(mean_row(g.name, g.evaluation));
  }
  HtmlTable table(str("AUC by ", d.name), header);
  for (size_t k = 0; k < whole.classes.size(); ++k) {
    std::vector<std::string> cells{whole.classes[k].name, text_of(whole.classes[k].auc)};
    for (const Division::Group& g : d.groups) cells.push_back(text_of(g.evaluation.classes[k].auc));
    table.row(cells);
  }
  std::vector<std::string> mean{"mean", text_of(whole.mean.auc)};
  for (const Division::Group& g : d.groups) mean.push_back(text_of(g.evaluation.mean.auc));
  table.last_row(mean);
  return str("<h3>By ", html_text(d.name), "</h3>\n", chart.rows.empty() ? "" : chart_html(chart), table.html());
}

std::string p_text(const std::optional<double>& p) {
  if (!p) return "-";
  return *p < 0.001 ? "<0.001" : fixed(*p, 3);
}

std::string interval_text(const std::optional<Range>& r) {
  return r ? str(fixed(r->first, 3), " to ", fixed(r->second, 3)) : "-";
}

std::string comparison_html(const ComparedRun& run) {
  const Comparison& c = run.comparison;
  IntervalChart chart{str("Difference in AUC, this model - ", run.name), {"difference in AUC", {}}, 0, {}};
  HtmlTable table(str("This model and ", run.name),
                  {"", "positive", "AUC, this", "AUC, " + run.name, "difference", "95% interval", "p"});
  for (const ClassComparison& one : c.classes) {
    if (!one.auc) continue;
    const std::optional<Range> interval = one.auc->low ? std::optional(Range{*one.auc->low, *one.auc->high}) : std::nullopt;
    chart.rows.push_back({one.name, one.auc->difference, interval});
    table.row({one.name, with_commas(one.n_positive), fixed(one.auc->a, 3), fixed(one.auc->b, 3), fixed(one.auc->difference, 3),
               interval_text(interval), p_text(one.auc->p)});
  }
  if (c.n_classes == 0) return "<p>No class has images with both values: nothing can be compared.</p>\n";
  chart.rows.push_back({"mean", c.mean_a - c.mean_b, range_of(c.difference)});
  table.last_row({"mean", "", fixed(c.mean_a, 3), fixed(c.mean_b, 3), fixed(c.mean_a - c.mean_b, 3),
                  interval_text(range_of(c.difference)), p_text(c.p)});
  return chart_html(chart) + table.html();
}

}  // namespace

HtmlSection divisions_section(const std::vector<Division>& divisions, const Evaluation& whole) {
  std::string html;
  for (const Division& d : divisions) html += division_html(d, whole);
  return {"subgroups", "Subgroups", html};
}

HtmlSection comparisons_section(const std::vector<ComparedRun>& runs) {
  std::string html =
      "<p class=\"quiet\">On the same images. Classes: DeLong's test, paired, not corrected for their number; mean: paired "
      "bootstrap.</p>\n";
  for (const ComparedRun& run : runs) html += comparison_html(run);
  return {"comparisons", "Comparisons", html};
}

}  // namespace thorax
