#include "apps/paper_page.h"

#include <algorithm>
#include <cmath>

#include "apps/console.h"
#include "apps/printable.h"
#include "apps/published.h"
#include "data/label_counts.h"
#include "tensor/error.h"

namespace thorax {

namespace {

using metrics::Estimate;

// Text of unknown origin in a cell of a Markdown table.
std::string markdown(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '<') {
      out += "&lt;";
      continue;
    }
    if (c == '|' || c == '*' || c == '_' || c == '`' || c == '[' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string row(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& cell : cells) text += ' ' + cell + " |";
  return text + '\n';
}

std::string header(const std::vector<std::string>& names) {
  std::string text = row(names) + "|---";
  for (size_t i = 1; i < names.size(); ++i) text += "|---:";
  return text + "|\n";
}

std::string published_text(int table, const std::string& line, const std::string& measure) {
  const PublishedFigure* figure = published_figure(table, line, measure);
  if (figure == nullptr) return "not quoted";
  const std::string interval = figure->low > 0 ? str(" (", fixed(figure->low, 3), '-', fixed(figure->high, 3), ')') : "";
  return fixed(figure->value, 3) + interval;
}

// The lines of one name, in the order of their seeds; names in the order of the table.
std::vector<std::vector<const MeasuredLine*>> by_name(const std::vector<MeasuredLine>& lines) {
  std::vector<std::vector<const MeasuredLine*>> groups;
  for (const MeasuredLine& line : lines) {
    const auto at = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.front()->name == line.name; });
    if (at == groups.end())
      groups.push_back({&line});
    else
      at->push_back(&line);
  }
  return groups;
}

template <class Get>
std::string figure(const std::vector<const MeasuredLine*>& seeds, const Get& get) {
  std::vector<std::optional<Estimate>> estimates;
  estimates.reserve(seeds.size());
  for (const MeasuredLine* line : seeds) estimates.push_back(get(*line));
  return over_seeds(estimates);
}

std::string table_1(const data::Manifest& manifest, bool ours_are_theirs) {
  std::vector<std::string> names{"class", "train", "val", "test"}, images{"images"};
  std::vector<data::LabelCounts> counts;
  for (const data::Split split : {data::Split::train, data::Split::val, data::Split::test}) {
    const std::vector<size_t> rows = manifest.of(split);
    counts.push_back(data::count_labels(manifest, rows));
    images.push_back(with_commas(static_cast<int64_t>(rows.size())));
  }
  if (ours_are_theirs) names.push_back("the paper's train"), images.push_back("3,550");
  std::string text = header(names) + row(images);
  for (size_t k = 0; k < manifest.classes.size(); ++k) {
    std::vector<std::string> cells{markdown(manifest.classes[k])};
    for (const data::LabelCounts& c : counts) cells.push_back(with_commas(static_cast<int64_t>(std::round(c.positives[k]))));
    const auto published = published_training_images(manifest.classes[k]);
    if (ours_are_theirs && published) cells.push_back(with_commas(*published));
    text += row(cells);
  }
  return text;
}

// Tables 2, 3 and 6: means over the classes.
std::string table_of_lines(int table, const std::vector<MeasuredLine>& lines, bool ours_are_theirs) {
  std::vector<std::string> names{"", "AUC, val", "AUC, test", "sensitivity", "specificity", "F1"};
  if (ours_are_theirs) names.emplace_back("the paper's AUC, test");
  std::string text = header(names);
  for (const auto& seeds : by_name(lines)) {
    const auto val = [](const MeasuredLine& l) { return l.val_auc ? std::optional(Estimate{*l.val_auc, {}}) : std::nullopt; };
    std::vector<std::string> cells{seeds.front()->name,
                                   figure(seeds, val),
                                   figure(seeds, [](const MeasuredLine& l) { return l.test.mean.auc; }),
                                   figure(seeds, [](const MeasuredLine& l) { return l.test.mean.sensitivity; }),
                                   figure(seeds, [](const MeasuredLine& l) { return l.test.mean.specificity; }),
                                   figure(seeds, [](const MeasuredLine& l) { return l.test.mean.f1; })};
    if (ours_are_theirs) cells.push_back(published_text(table, seeds.front()->name, "AUC"));
    text += row(cells);
  }
  return text;
}

std::string table_5(const std::vector<MeasuredLine>& lines, bool ours_are_theirs) {
  std::string text = header({"", "AUC", "sensitivity", "specificity", "F1"});
  const auto seeds = by_name(lines).front();
  for (size_t k = 0; k < seeds.front()->test.classes.size(); ++k) {
    const auto of_class = [&](auto measure) {
      return figure(seeds, [&](const MeasuredLine& l) { return l.test.classes[k].*measure; });
    };
    using Class = metrics::ClassEvaluation;
    text += row({markdown(seeds.front()->test.classes[k].name), of_class(&Class::auc), of_class(&Class::sensitivity),
                 of_class(&Class::specificity), of_class(&Class::f1)});
  }
  const auto of_mean = [&](auto measure) { return figure(seeds, [&](const MeasuredLine& l) { return l.test.mean.*measure; }); };
  using Mean = metrics::MeanEvaluation;
  text += row({"mean", of_mean(&Mean::auc), of_mean(&Mean::sensitivity), of_mean(&Mean::specificity), of_mean(&Mean::f1)});
  if (ours_are_theirs)
    text += row({"the paper's mean", published_text(5, "mean", "AUC"), published_text(5, "mean", "sensitivity"),
                 published_text(5, "mean", "specificity"), published_text(5, "mean", "F1")});
  return text;
}

std::string title_of(int table, const std::vector<MeasuredLine>& lines) {
  switch (table) {
    case 2: return "weights to begin with";
    case 3: return "models and their ensemble";
    case 5: return lines.front().name + ", by class";
    default: return "losses";
  }
}

}  // namespace

std::string over_seeds(const std::vector<std::optional<Estimate>>& estimates) {
  double sum = 0, squares = 0;
  for (const auto& estimate : estimates) {
    if (!estimate) return "-";
    sum += estimate->value;
  }
  const auto n = static_cast<double>(estimates.size());
  if (n == 1) {
    const auto& interval = estimates.front()->interval;
    return fixed(sum, 3) + (interval ? str(" (", fixed(interval->low, 3), '-', fixed(interval->high, 3), ')') : "");
  }
  for (const auto& estimate : estimates) squares += (estimate->value - sum / n) * (estimate->value - sum / n);
  return fixed(sum / n, 3) + " ± " + fixed(std::sqrt(squares / (n - 1)), 3);
}

std::string paper_page(const data::Manifest& manifest, const std::map<int, std::vector<MeasuredLine>>& tables,
                       const std::string& settings) {
  const bool ours_are_theirs = are_published_classes(manifest.classes);
  std::string text = str("# The paper's experiments on ", markdown(manifest.table.filename().string()), "\n\n", settings, '\n');
  text += ours_are_theirs
              ? "The classes are the paper's, so its figures stand beside ours. Its images were never published as they are: "
                "agreement can be expected of the order of things, not of the third digit.\n"
              : "The classes are not the paper's ten, so its figures are about something else and are left out.\n";
  text += str("\n## Table 1: images by class and split\n\n", table_1(manifest, ours_are_theirs),
              "\nAs numbers: table1.csv; the shares of the classes (the paper's Figure 3): figure3.csv.\n");
  for (const auto& [table, lines] : tables) {
    text +=
        str("\n## Table ", table, ": ", title_of(table, lines), "\n\n",
            table == 5 ? table_5(lines, ours_are_theirs) : table_of_lines(table, lines, ours_are_theirs), "\nAs numbers: table",
            table, ".csv", table == 5 ? "; the ROC curves (the paper's Figure 4): figure4.csv" : "", ".\n");
  }
  return text;
}

}  // namespace thorax
