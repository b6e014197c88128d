#include <cstdio>
#include <set>

#include "apps/console.h"
#include "apps/device.h"
#include "apps/metrics_table.h"
#include "apps/run_folder.h"
#include "apps/scoring.h"
#include "apps/toml.h"
#include "apps/train_flags.h"
#include "apps/verbs.h"
#include "data/csv.h"
#include "data/split.h"
#include "metrics/evaluation.h"

namespace thorax {

Flags evaluate_flags() {
  return Flags("evaluate", "RUN [flags]", "Measures a trained model on the test images of its own table, or of another.",
               {
                   {"data", "TABLE", "another table; else the run's own", ""},
                   {"root", "DIR", "where relative image paths begin", ""},
                   {"image-column", "NAME", "if not image, file, path, Path, Image Index or image_id", ""},
                   {"patient-column", "NAME", "if not patient", ""},
                   {"split-column", "NAME", "if not split", ""},
                   {"split", "NAME", "train, val, test or all", "test"},
                   {"replicates", "N", "of the bootstrap; 0: no intervals", "10000"},
                   {"seed", "N", "of the bootstrap", "1"},
                   {"batch", "N", "images at once", "32"},
                   device_flag(),
                   {"threads", "N", "0: all processors", "0"},
                   {"workers", "N", "threads that prepare images", "2"},
                   {"csv", "FILE", "write the figures there too", ""},
                   {"scores", "FILE", "write every probability there", ""},
                   {"json", "", "one JSON object on stdout instead of the table", ""},
                   {"quiet", "", "no progress", ""},
               },
               {"thorax evaluate run", "thorax evaluate run --data other.csv --split all --json"}, true);
}

namespace {

// The table and its columns: as given, else as the run's configuration has them.
data::Manifest table_of(const Flags& flags, const std::filesystem::path& run, const ModelDescription& model) {
  data::ManifestOptions o;
  o.labels = model.classes;
  o.table = flags.text("data");
  o.root = flags.text("root");
  o.image_column = flags.text("image-column");
  o.patient_column = flags.text("patient-column");
  o.split_column = flags.text("split-column");
  if (!o.table.empty()) return data::read_manifest(o);
  const std::filesystem::path config = run / "config.toml";
  if (!std::filesystem::exists(config))
    throw Error(Fault::input, str(run.string(), ": no run folder, so --data TABLE is needed"));
  const auto values = read_toml(config);
  const auto value = [&](const char* key) { return values.count(key) != 0 ? values.at(key).text : std::string(); };
  o.table = value("data");
  if (o.root.empty()) o.root = value("root");
  o.image_column = value("image-column");
  o.patient_column = value("patient-column");
  o.split_column = value("split-column");
  data::Manifest manifest = data::read_manifest(o);
  const std::filesystem::path split = run / "split.csv";
  if (!manifest.has_split && std::filesystem::exists(split)) data::apply_split_csv(manifest, split);
  return manifest;
}

std::vector<size_t> rows_of(const data::Manifest& manifest, const std::string& split) {
  std::vector<size_t> rows;
  for (size_t i = 0; i < manifest.rows.size(); ++i) {
    if (split == "all" || data::name_of(manifest.rows[i].split) == split) rows.push_back(i);
  }
  if (rows.empty())
    throw Error(Fault::input, str("no image is in the split \"", split, "\""), "--split all takes every image of the table");
  return rows;
}

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

}  // namespace

int run_evaluate(Flags& flags) {
  if (flags.positionals().size() != 1)
    throw Error(Fault::input, "evaluate: one RUN is expected", "thorax evaluate --help has examples");
  ProgressLine::set_quiet(flags.on("quiet"));
  const std::filesystem::path run = flags.positionals()[0];
  const std::filesystem::path file = model_of_run(run);
  const Stream stream = stream_of(flags);
  LoadedModel model(file, flags.integer("batch", 1, 4096), stream);
  const ModelDescription& d = model.description();
  const data::Manifest manifest = table_of(flags, run, d);
  const std::string split = flags.choice("split", {"train", "val", "test", "all"});
  const std::vector<size_t> rows = rows_of(manifest, split);

  data::LoaderOptions loader_options;
  loader_options.batch = model.network().batch();
  loader_options.workers = static_cast<int>(flags.integer("workers", 1, 256));
  data::Loader loader(manifest, rows, d.recipe, loader_options);
  ProgressLine line("predicting", loader.images());
  int64_t done = 0;
  const metrics::Scores scores =
      score(model.network(), loader, manifest, rows, [&](const data::Batch& b) { line.update(done += b.n, ""); });
  line.finish();

  const metrics::BootstrapOptions bootstrap{flags.integer("replicates", 0, 10000000),
                                            static_cast<uint64_t>(flags.integer("seed", 0, INT64_MAX)), stream.threads};
  const metrics::Evaluation evaluation = metrics::evaluate(scores, d.cutoffs, bootstrap);
  std::set<std::string> patients;
  for (size_t row : rows) patients.insert(manifest.rows[row].patient);
  EvaluationHeading heading{
      file.string(), d.epoch, split, {}, str("Youden on validation (", with_commas(d.validation_images), ")")};
  if (manifest.has_patients) heading.patients = static_cast<int64_t>(patients.size());
  std::fputs((flags.on("json") ? evaluation_json(evaluation, heading) : evaluation_table(evaluation, heading)).c_str(), stdout);
  if (flags.given("csv")) write_file_atomically(flags.text("csv"), evaluation_csv(evaluation));
  if (flags.given("scores")) write_scores(flags.text("scores"), scores, manifest, rows);
  return 0;
}

}  // namespace thorax
