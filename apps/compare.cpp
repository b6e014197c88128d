#include <cmath>
#include <cstdio>

#include "apps/console.h"
#include "apps/device.h"
#include "apps/ensemble.h"
#include "apps/image_cache.h"
#include "apps/isolation.h"
#include "apps/printable.h"
#include "apps/run_table.h"
#include "apps/train_flags.h"
#include "apps/verbs.h"
#include "metrics/comparison.h"
#include "tensor/json.h"

namespace thorax {

Flags compare_flags() {
  return Flags("compare", "RUN_A RUN_B [flags]",
               "Which of two models is better on the same images, by how much, and whether chance could have done it.",
               measuring_flags(),
               {"thorax compare run1 run2", "thorax compare run1 run2 --resample patient",
                "thorax compare run1 run2 --data other.csv --split all --json"},
               true);
}

namespace {

using metrics::ClassComparison;
using metrics::Comparison;

std::string p_text(const std::optional<double>& p) {
  if (!p) return "-";
  return *p < 0.001 ? "<0.001" : fixed(*p, 3);
}

std::string signed_text(double value) {
  return (value < 0 ? "" : "+") + fixed(value, 3);
}

// One line; the name cut to its column.
std::string line_of(const std::string& name, const std::string& n, double a, double b, const std::string& interval,
                    const std::string& p) {
  char text[160];
  std::snprintf(text, sizeof text, "%7s  %6s  %6s  %7s  %-16s %7s\n", n.c_str(), fixed(a, 3).c_str(), fixed(b, 3).c_str(),
                signed_text(a - b).c_str(), interval.c_str(), p.c_str());
  return padded(shortened(name, 22), 22) + text;
}

template <class Low>
std::string interval_text(const Low& low, const Low& high) {
  return str("(", signed_text(low), " ", signed_text(high), ")");
}

std::string verdict(const Comparison& c) {
  if (c.n_classes == 0) return "no class has images with both values: nothing can be compared\n";
  const double difference = c.mean_a - c.mean_b;
  if (difference == 0) return "A and B are equal\n";
  const std::string better = difference > 0 ? "A" : "B";
  std::string text = str(better, " is better by ", fixed(std::fabs(difference), 3), " in mean AUC");
  if (c.p) text += str(", p ", *c.p < 0.001 ? "" : "= ", p_text(c.p), *c.p < 0.05 ? "" : ": chance may have done it");
  return text + "\n";
}

std::string table(const Comparison& c, const Ensemble& a, const Ensemble& b, const std::string& split,
                  const metrics::BootstrapOptions& options) {
  std::string text = str("A  ", printable(a.name()), "\nB  ", printable(b.name()), "\non ", split, ": ", with_commas(c.n),
                         " images\n", std::string(22, ' '), "      n   AUC A   AUC B    A - B  95% CI                 p\n");
  for (const ClassComparison& one : c.classes) {
    if (one.auc)
      text += line_of(one.name, with_commas(one.n_positive), one.auc->a, one.auc->b,
                      one.auc->low ? interval_text(*one.auc->low, *one.auc->high) : "", p_text(one.auc->p));
    else
      text += shortened(printable(one.name), 22) + ": fewer than two images of each value\n";
  }
  if (c.n_classes > 0)
    text += line_of("mean", "", c.mean_a, c.mean_b, c.difference ? interval_text(c.difference->low, c.difference->high) : "",
                    p_text(c.p));
  text += verdict(c);
  text += str("classes: DeLong, paired, not corrected for their number\nmean: ", with_commas(options.replicates),
              " paired bootstrap replicates, seed ", options.seed, "\n", resampling_text(options), "\n");
  return text;
}

std::string number_or_null(const std::optional<double>& value) {
  return value ? json_number(*value) : "null";
}

std::string json(const Comparison& c, const Ensemble& a, const Ensemble& b, const std::string& split,
                 const metrics::BootstrapOptions& options) {
  std::string classes;
  for (const ClassComparison& one : c.classes) {
    classes += str(classes.empty() ? "" : ", ", "{\"name\": ", json_quote(printable(one.name)), ", \"images\": ", one.n_known,
                   ", \"positives\": ", one.n_positive);
    if (one.auc)
      classes += str(", \"auc_a\": ", json_number(one.auc->a), ", \"auc_b\": ", json_number(one.auc->b),
                     ", \"difference\": ", json_number(one.auc->difference), ", \"low\": ", number_or_null(one.auc->low),
                     ", \"high\": ", number_or_null(one.auc->high), ", \"p\": ", number_or_null(one.auc->p));
    classes += "}";
  }
  const auto& d = c.difference;
  return str("{\"a\": ", json_quote(printable(a.name())), ", \"b\": ", json_quote(printable(b.name())),
             ", \"split\": ", json_quote(split), ", \"images\": ", c.n, ", \"replicates\": ", options.replicates,
             ", \"seed\": ", options.seed, ", \"resampling\": ", json_quote(resampling_text(options)), ", \"classes\": [",
             classes, "], \"mean\": {\"classes\": ", c.n_classes, ", \"auc_a\": ", json_number(c.mean_a),
             ", \"auc_b\": ", json_number(c.mean_b), ", \"difference\": ", json_number(c.mean_a - c.mean_b),
             ", \"low\": ", d ? json_number(d->low) : "null", ", \"high\": ", d ? json_number(d->high) : "null",
             ", \"replicates\": ", d ? d->replicates : 0, ", \"p\": ", number_or_null(c.p), "}}\n");
}

}  // namespace

int run_compare(Flags& flags) {
  const std::vector<std::string>& runs = flags.positionals();
  if (runs.size() != 2) throw Error(Fault::input, "compare: two runs are expected", "thorax compare --help has examples");
  ProgressLine::set_quiet(flags.on("quiet"));
  warn_where_decoders_have_rights();
  const std::string split = flags.choice("split", {"train", "val", "test", "all"});
  const int64_t batch = flags.integer("batch", 1, 4096);
  const auto workers = static_cast<int>(flags.integer("workers", 1, 256));
  const Stream stream = stream_of(flags);
  const Ensemble a({runs[0]}, batch, stream, test_views(flags));
  const Ensemble b({runs[1]}, batch, stream, test_views(flags));
  if (a.classes() != b.classes())
    throw Error(Fault::input, str(b.name(), ": other classes, or another order of them, than ", a.name()));
  const data::Manifest manifest = table_of(flags, runs[0], a.classes());
  const std::vector<size_t> rows = rows_of(manifest, split);
  if (split != "train") warn_of_training_images(flags, runs, manifest, rows, a.classes());
  const std::filesystem::path cache = cache_folder(flags);
  const metrics::BootstrapOptions options = bootstrap_options(flags, manifest, rows);
  const Comparison c =
      metrics::compare(a.score(manifest, rows, workers, cache), b.score(manifest, rows, workers, cache), options);
  std::fputs((flags.on("json") ? json(c, a, b, split, options) : table(c, a, b, split, options)).c_str(), stdout);
  return 0;
}

}  // namespace thorax
