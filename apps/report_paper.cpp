#include "apps/report_paper.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "apps/console.h"
#include "apps/metadata.h"
#include "apps/published.h"
#include "apps/report_charts.h"
#include "data/csv.h"
#include "tensor/error.h"
#include "tensor/file.h"

namespace thorax {

namespace {

// A table by the names of its columns.
class Columns {
 public:
  explicit Columns(const std::filesystem::path& file) : file_(file.string()) {
    data::Mistakes mistakes(file_);
    rows_ = data::read_csv(file, mistakes);
    mistakes.throw_if_any();
    if (rows_.empty()) throw Error(Fault::input, str(file_, ": empty"));
  }
  size_t size() const { return rows_.size() - 1; }
  const std::string& text(size_t row, const std::string& column) const {
    const auto& names = rows_[0].cells;
    const auto at = std::find(names.begin(), names.end(), column);
    if (at == names.end()) throw Error(Fault::input, str(file_, ": no column ", column, ": not as thorax reproduce writes it"));
    return rows_[row + 1].cells[static_cast<size_t>(at - names.begin())];
  }
  std::optional<double> number(size_t row, const std::string& column) const {
    const std::string& cell = text(row, column);
    return cell.empty() ? std::nullopt : std::optional(decode_number(cell));
  }

 private:
  std::string file_;
  std::vector<data::CsvRow> rows_;
};

std::optional<Range> interval(const Columns& table, size_t row, const std::string& measure) {
  const auto low = table.number(row, measure + "_low"), high = table.number(row, measure + "_high");
  return low && high ? std::optional(Range{*low, *high}) : std::nullopt;
}

std::string estimate(const Columns& table, size_t row, const std::string& measure) {
  const auto value = table.number(row, measure);
  if (!value) return "-";
  const auto i = interval(table, row, measure);
  return fixed(*value, 3) + (i ? str(" (", fixed(i->first, 3), "-", fixed(i->second, 3), ")") : "");
}

std::string count_text(const std::string& cell) {
  return cell.empty() ? "" : with_commas(static_cast<int64_t>(std::llround(decode_number(cell))));
}

std::vector<std::string> classes_of(const Columns& table1) {
  std::vector<std::string> classes;
  for (size_t i = 1; i < table1.size(); ++i) classes.push_back(table1.text(i, "class"));
  return classes;
}

HtmlSection data_section(const std::filesystem::path& folder, const Columns& table1, bool ours_are_theirs) {
  std::vector<std::string> header{"", "train", "val", "test"};
  if (ours_are_theirs) header.emplace_back("the paper's train");
  HtmlTable table("Table 1: images and positive labels of each split", header);
  for (size_t i = 0; i < table1.size(); ++i) {
    const std::string& name = table1.text(i, "class");
    std::vector<std::string> cells{name};
    for (const char* split : {"train", "val", "test"}) {
      const std::string& positive = table1.text(i, str(split, "_positive"));
      cells.push_back(count_text(positive.empty() ? table1.text(i, str(split, "_known")) : positive));
    }
    if (ours_are_theirs) {
      const auto published = published_training_images(name);
      cells.push_back(i == 0 ? "3,550" : published ? with_commas(*published) : "");
    }
    table.row(cells);
  }
  BarChart chart{"Figure 3: how frequent the classes are", {"share of the images with a known label", {}}, {"share"}, {}};
  const Columns shares(folder / "figure3.csv");
  for (size_t i = 0; i < shares.size(); ++i)
    chart.rows.push_back({shares.text(i, "class"), {shares.number(i, "share").value_or(0)}});
  return {"data", "Data", chart_html(chart) + table.html()};
}

bool several_seeds(const Columns& table, const std::string& column) {
  std::set<std::string> seeds;
  for (size_t i = 0; i < table.size(); ++i) seeds.insert(table.text(i, column));
  return seeds.size() > 1;
}

std::string lines_html(int number, const std::string& title, const Columns& lines, bool ours_are_theirs) {
  std::vector<std::string> header{"", "AUC, val", "AUC, test", "sensitivity", "specificity", "F1"};
  if (ours_are_theirs) header.emplace_back("the paper's AUC, test");
  HtmlTable table(str("Table ", number, ": ", title, "; means over the classes"), header);
  IntervalChart chart{str("Table ", number, ": mean AUC on the test images"), {"mean AUC", {}}, 0.5, {}};
  const bool seeds = several_seeds(lines, "seed");
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines.text(i, "line");
    const std::string name = seeds ? str(line, ", seed ", lines.text(i, "seed")) : line;
    const auto val = lines.number(i, "val_auc");
    std::vector<std::string> cells{name,
                                   val ? fixed(*val, 3) : "-",
                                   estimate(lines, i, "auc"),
                                   estimate(lines, i, "sensitivity"),
                                   estimate(lines, i, "specificity"),
                                   estimate(lines, i, "f1")};
    if (ours_are_theirs) {
      const PublishedFigure* theirs = published_figure(number, line, "AUC");
      cells.push_back(theirs != nullptr ? fixed(theirs->value, 3) : "not quoted");
    }
    table.row(cells);
    if (const auto auc = lines.number(i, "auc")) chart.rows.push_back({name, *auc, interval(lines, i, "auc")});
  }
  return (chart.rows.empty() ? "" : chart_html(chart)) + table.html();
}

std::string classes_html(const Columns& table5) {
  HtmlTable table("Table 5: the ensemble by class, on the test images",
                  {"", "positive", "AUC", "sensitivity", "specificity", "F1"});
  IntervalChart chart{"Table 5: AUC by class", {"AUC", {}}, 0.5, {}};
  const bool seeds = several_seeds(table5, "group");
  for (size_t i = 0; i < table5.size(); ++i) {
    const std::string& one = table5.text(i, "class");
    const std::string name = seeds ? str(one, ", seed ", table5.text(i, "group")) : one;
    table.row({name, count_text(table5.text(i, "positives")), estimate(table5, i, "auc"), estimate(table5, i, "sensitivity"),
               estimate(table5, i, "specificity"), estimate(table5, i, "f1")});
    if (const auto auc = table5.number(i, "auc")) chart.rows.push_back({name, *auc, interval(table5, i, "auc")});
  }
  return (chart.rows.empty() ? "" : chart_html(chart)) + table.html();
}

// A chart per class, a curve per seed.
HtmlSection curves_section(const Columns& figure4) {
  std::vector<LineChart> charts;
  std::map<std::string, size_t> place;
  for (size_t i = 0; i < figure4.size(); ++i) {
    const std::string& one = figure4.text(i, "class");
    if (place.emplace(one, charts.size()).second)
      charts.push_back({.title = one,
                        .x = {"1 - specificity", Range{0, 1}},
                        .y = {"sensitivity", Range{0, 1}},
                        .series = {},
                        .diagonal = true});
    auto& series = charts[place.at(one)].series;
    const std::string seed = "seed " + figure4.text(i, "seed");
    if (series.empty() || series.back().name != seed) series.push_back({seed, {}});
    series.back().points.emplace_back(figure4.number(i, "false_positive_rate").value_or(0),
                                      figure4.number(i, "true_positive_rate").value_or(0));
  }
  std::string html = "<div class=\"row\">\n";
  for (const LineChart& chart : charts) html += chart_html(chart);
  return {"figure4", "Figure 4: ROC curves", html + "</div>\n"};
}

}  // namespace

bool is_paper_folder(const std::filesystem::path& folder) {
  return path_exists(folder / "paper.md") && path_exists(folder / "table1.csv");
}

std::vector<HtmlSection> paper_sections(const std::filesystem::path& folder) {
  const Columns table1(folder / "table1.csv");
  const bool ours_are_theirs = are_published_classes(classes_of(table1));
  std::vector<HtmlSection> sections{data_section(folder, table1, ours_are_theirs)};
  constexpr std::array<std::pair<int, const char*>, 4> tables{
      {{2, "weights to begin with"}, {3, "models and their ensemble"}, {5, "the ensemble by class"}, {6, "losses"}}};
  for (const auto& [number, title] : tables) {
    const std::filesystem::path file = folder / str("table", number, ".csv");
    if (!path_exists(file)) continue;
    const Columns table(file);
    sections.push_back({str("table", number), str("Table ", number, ": ", title),
                        number == 5 ? classes_html(table) : lines_html(number, title, table, ours_are_theirs)});
    if (number == 5 && path_exists(folder / "figure4.csv")) sections.push_back(curves_section(Columns(folder / "figure4.csv")));
  }
  return sections;
}

}  // namespace thorax
