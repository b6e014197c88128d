#include <algorithm>
#include <cmath>

#include "apps/console.h"
#include "apps/report_sections.h"
#include "tensor/error.h"

namespace thorax {

namespace {

constexpr size_t most_mistakes = 5;  // of a kind, for a class

struct Mistake {
  size_t row;  // of the table
  float probability;
  double margin;  // how far from the cut-off, of all the way to 0 or 1
};

// The worst of one kind (truth 1: missed; truth 0: called by mistake), the most confident first.
std::vector<Mistake> mistakes_of(const Measured& measured, const std::vector<size_t>& rows, size_t k, bool missed) {
  const size_t c = measured.scores.classes.size();
  const double cutoff{*measured.cutoffs[k]};
  std::vector<Mistake> found;
  for (size_t i = 0; i < rows.size(); ++i) {
    const float p = measured.scores.probabilities[i * c + k];
    const float truth = measured.scores.labels[i * c + k];
    if (std::isnan(truth) || (truth == 1) != missed || (double{p} >= cutoff) == missed) continue;
    found.push_back({rows[i], p, missed ? (cutoff - double{p}) / cutoff : (double{p} - cutoff) / std::max(1 - cutoff, 1e-9)});
  }
  std::stable_sort(found.begin(), found.end(), [](const Mistake& a, const Mistake& b) { return a.margin > b.margin; });
  found.resize(std::min(found.size(), most_mistakes));
  return found;
}

}  // namespace

HtmlSection mistakes_section(const Measured& measured, const data::Manifest& manifest, const std::vector<size_t>& rows) {
  HtmlTable table("The most confident mistakes of each class, by the image's line in the table of images",
                  {"", "mistake", "line", "probability", "cut-off"});
  bool any = false;
  for (size_t k = 0; k < measured.scores.classes.size(); ++k) {
    if (!measured.cutoffs[k] || !std::isfinite(*measured.cutoffs[k])) continue;
    for (const bool missed : {true, false})
      for (const Mistake& m : mistakes_of(measured, rows, k, missed)) {
        any = true;
        const int64_t line = manifest.rows[m.row].line;
        table.row({measured.scores.classes[k], missed ? "missed" : "false alarm",
                   line > 0 ? with_commas(line) : str("image ", m.row + 1), fixed(double{m.probability}, 3),
                   fixed(double{*measured.cutoffs[k]}, 3)});
      }
  }
  return {"mistakes", "Mistakes", any ? table.html() : "<p>No image is on the wrong side of a cut-off.</p>\n"};
}

}  // namespace thorax
