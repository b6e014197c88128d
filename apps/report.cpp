#include <algorithm>
#include <cstdio>
#include <set>

#include "apps/console.h"
#include "apps/device.h"
#include "apps/image_cache.h"
#include "apps/isolation.h"
#include "apps/printable.h"
#include "apps/report_gallery.h"
#include "apps/report_paper.h"
#include "apps/report_sections.h"
#include "apps/run_folder.h"
#include "apps/run_table.h"
#include "apps/subgroups.h"
#include "apps/verbs.h"
#include "tensor/file.h"

namespace thorax {

Flags report_flags() {
  std::vector<Flag> flags = measuring_flags();
  std::erase_if(flags, [](const Flag& f) { return f.name == "json"; });
  const std::vector<Flag> decisions = decision_flags();
  flags.insert(flags.end(), decisions.begin(), decisions.end());
  const std::vector<Flag> own{
      {"by", "COLUMN,...", "subgroups by these columns, beside sex, age and view", ""},
      {"bands", "A,B,...", "limits for columns of numbers", "1,5,10,18,40,65"},
      {"compare", "RUN,...", "other models, compared with this one", ""},
      {"explain", "DIR", "what thorax explain has made; else the folder explain in the run", ""},
      {"out", "FILE", "the page; else report.html in the run", ""},
      {"overwrite", "", "replace a page that is there", ""},
  };
  flags.insert(flags.end(), own.begin(), own.end());
  return Flags("report", "RUN|DIR [flags]",
               "One HTML page about a run, or about a folder of thorax reproduce. It needs no network and names no file and no "
               "patient.",
               std::move(flags),
               {"thorax report run", "thorax report run --by site --compare run2 -o page.html", "thorax report paper"}, true);
}

namespace {

// The cells of what the table itself knows of its images.
std::vector<std::pair<std::string, std::vector<std::string>>> known_cells(const data::Manifest& manifest,
                                                                          const std::vector<size_t>& rows) {
  std::vector<std::pair<std::string, std::vector<std::string>>> all{{"sex", {}}, {"age", {}}, {"view", {}}};
  for (const size_t i : rows) {
    const data::Row& row = manifest.rows[i];
    all[0].second.push_back(row.sex == 'F' ? "female" : row.sex == 'M' ? "male" : "");
    all[1].second.push_back(row.age >= 0 ? str(row.age) : "");
    all[2].second.push_back(row.view);
  }
  return all;
}

// A report goes from hand to hand: values that name patients or images do not enter it.
std::vector<Subgroup> without_patients(const std::string& column, const data::Manifest& manifest, std::vector<Subgroup> groups) {
  std::set<std::string> names;
  for (const data::Row& row : manifest.rows) names.insert({row.patient, row.image});
  for (const Subgroup& group : groups)
    if (names.count(group.name) != 0)
      throw Error(Fault::input, str("--by ", column, ": its values are patients or images, and a report names none"));
  return groups;
}

Division division_of(const std::string& name, const std::vector<Subgroup>& groups, const Measured& measured,
                     const metrics::BootstrapOptions& bootstrap) {
  Division division{name, {}};
  for (const Subgroup& group : groups) {
    metrics::BootstrapOptions own = bootstrap;
    if (!bootstrap.resampling.patients.empty()) {
      own.resampling.patients.clear();
      for (const size_t i : group.order) own.resampling.patients.push_back(bootstrap.resampling.patients[i]);
    }
    division.groups.push_back(
        {printable(group.name), metrics::evaluate(part_of(measured.scores, group.order), measured.cutoffs, own)});
  }
  return division;
}

std::vector<Division> divisions(const Flags& flags, const data::Manifest& manifest, const std::vector<size_t>& rows,
                                const Measured& measured, const metrics::BootstrapOptions& bootstrap) {
  const std::vector<double> limits = band_limits(flags.list("bands"));
  std::vector<Division> all;
  for (const auto& [name, cells] : known_cells(manifest, rows)) {
    const std::vector<Subgroup> groups = grouped(cells, limits);
    if (groups.size() > 1) all.push_back(division_of(name, groups, measured, bootstrap));
  }
  for (const std::string& column : flags.list("by"))
    all.push_back(division_of(column,
                              without_patients(column, manifest, subgroups(manifest.table, manifest, rows, column, limits)),
                              measured, bootstrap));
  return all;
}

std::vector<ComparedRun> comparisons(const Flags& flags, const Ensemble& model, const data::Manifest& manifest,
                                     const std::vector<size_t>& rows, const metrics::Scores& ours,
                                     const metrics::BootstrapOptions& bootstrap) {
  std::vector<ComparedRun> all;
  for (const std::string& run : flags.list("compare")) {
    const Ensemble other({run}, flags.integer("batch", 1, 4096), stream_of(flags), test_views(flags));
    if (other.classes() != model.classes())
      throw Error(Fault::input, str(other.name(), ": other classes, or another order of them, than ", model.name()));
    const metrics::Scores theirs =
        other.score(manifest, rows, static_cast<int>(flags.integer("workers", 1, 256)), cache_folder(flags));
    all.push_back({str("model ", all.size() + 2, " (", other.first().model, ")"), metrics::compare(ours, theirs, bootstrap)});
  }
  return all;
}

std::string fact(const std::string& name, const std::string& value) {
  return str("<div><dt>", html_text(name), "</dt><dd>", html_figure(value), "</dd></div>\n");
}

std::string introduction(const metrics::Evaluation& e, const ModelDescription& model, const std::optional<int64_t>& patients) {
  std::string text =
      "<p class=\"warning\">Research only. Not a medical device; nothing here is for diagnosis.</p>\n<dl class=\"facts\">\n";
  text += fact("model", model.model);
  text += fact("classes", str(model.classes.size()));
  text += fact("images measured", with_commas(e.n));
  if (patients) text += fact("patients", with_commas(*patients));
  if (e.mean.auc) {
    const auto& i = e.mean.auc->interval;
    text += fact("mean AUC", fixed(e.mean.auc->value, 3) + (i ? str(" (", fixed(i->low, 3), "-", fixed(i->high, 3), ")") : ""));
  }
  return text + "</dl>\n";
}

std::vector<std::pair<std::string, std::string>> measuring_facts(const Flags& flags, const ModelDescription& model,
                                                                 const metrics::Evaluation& e, const std::string& cutoffs,
                                                                 const metrics::BootstrapOptions& bootstrap) {
  return {{"thorax", THORAX_VERSION},
          {"model", str(model.model, ", epoch ", model.epoch)},
          {"images", str(with_commas(e.n), " of the split ", flags.text("split"))},
          {"cut-offs", cutoffs},
          {"intervals", str(with_commas(e.replicates), " bootstrap replicates ", resampling_text(bootstrap), ", seed ", e.seed)},
          {"test-time augmentation", flags.text("tta")},
          {"calibration", flags.text("calibrate")}};
}

std::filesystem::path overlays_folder(const Flags& flags, const std::filesystem::path& folder) {
  return flags.given("explain") ? std::filesystem::path(flags.text("explain")) : folder / "explain";
}

std::string run_page(const Flags& flags, const std::string& run) {
  const std::filesystem::path folder = open_run(run).path();
  const Ensemble model({run}, flags.integer("batch", 1, 4096), stream_of(flags), test_views(flags));
  const std::string split = flags.choice("split", {"train", "val", "test", "all"});
  const data::Manifest manifest = table_of(flags, run, model.classes());
  const std::vector<size_t> rows = rows_of(manifest, split);
  if (split != "train") warn_of_training_images(flags, {run}, manifest, rows, model.classes());
  const Measured measured = measure(flags, model, manifest, rows);
  const metrics::BootstrapOptions bootstrap = bootstrap_options(flags, manifest, rows);
  const metrics::Evaluation evaluation = metrics::evaluate(measured.scores, measured.cutoffs, bootstrap);
  const std::string heading =
      str("On ", split, ": ", with_commas(evaluation.n), " images. Cut-offs: ", measured.cutoffs_text,
          ". Intervals: ", with_commas(evaluation.replicates), " bootstrap replicates ", resampling_text(bootstrap), ".");

  std::vector<HtmlSection> sections{data_section(manifest)};
  const std::filesystem::path journal = RunPaths(folder).metrics();
  if (path_exists(journal)) sections.push_back(learning_section(read_journal(journal), model.classes()));
  sections.push_back(results_section(evaluation, heading));
  sections.push_back(classes_section(measured, evaluation));
  const std::vector<Division> groups = divisions(flags, manifest, rows, measured, bootstrap);
  if (!groups.empty()) sections.push_back(divisions_section(groups, evaluation));
  if (flags.given("compare"))
    sections.push_back(comparisons_section(comparisons(flags, model, manifest, rows, measured.scores, bootstrap)));
  sections.push_back(mistakes_section(measured, manifest, rows));
  sections.push_back(gallery_section(overlays_folder(flags, folder), "thorax explain FILE... --run RUN -o RUN/explain"));
  sections.push_back(origin_section(model_of_run(run), model.first(),
                                    measuring_facts(flags, model.first(), evaluation, measured.cutoffs_text, bootstrap)));
  return html_page(str("Report of a trained ", model.first().model),
                   introduction(evaluation, model.first(), patients_of(manifest, rows)), sections);
}

std::string paper_report(const Flags& flags, const std::filesystem::path& folder) {
  std::vector<HtmlSection> sections = paper_sections(folder);
  HtmlSection gallery =
      gallery_section(overlays_folder(flags, folder), "thorax explain FILE... --run DIR/runs/NAME -o DIR/explain");
  gallery.title = "Figure 5: where the model looked";
  sections.push_back(std::move(gallery));
  return html_page("The paper's experiments, done again",
                   "<p class=\"warning\">Research only. Not a medical device; nothing here is for diagnosis.</p>\n", sections);
}

}  // namespace

int run_report(Flags& flags) {
  const std::vector<std::string>& words = flags.positionals();
  if (words.size() != 1) throw Error(Fault::input, "report: one RUN is expected", "thorax report --help has examples");
  ProgressLine::set_quiet(flags.on("quiet"));
  const std::filesystem::path folder = words[0];
  const bool paper = is_paper_folder(folder);
  const std::filesystem::path run_folder = paper ? folder : open_run(folder).path();
  const std::filesystem::path out = flags.given("out") ? std::filesystem::path(flags.text("out")) : run_folder / "report.html";
  if (path_exists(out) && !flags.on("overwrite"))
    throw Error(Fault::input, str(out.string(), ": exists already"), "--overwrite replaces it");
  if (!paper) warn_where_decoders_have_rights();
  write_file_atomically(out, paper ? paper_report(flags, folder) : run_page(flags, words[0]));
  std::fprintf(stderr, "done    %s\n", printable(out.string()).c_str());
  return 0;
}

}  // namespace thorax
