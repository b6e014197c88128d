#include <algorithm>
#include <cstdio>
#include <set>

#include "apps/console.h"
#include "apps/experiment_runs.h"
#include "apps/initial_weights.h"
#include "apps/interrupt.h"
#include "apps/isolation.h"
#include "apps/paper_page.h"
#include "apps/printable.h"
#include "apps/run_folder.h"
#include "apps/train_flags.h"
#include "apps/verbs.h"
#include "losses/registry.h"
#include "models/registry.h"

namespace thorax {

Flags reproduce_flags() {
  std::vector<Flag> flags{
      {"config", "FILE", "TOML with values for these flags; the command line wins", ""},
      {"out", "DIR", "the folder for the tables and the runs; the same command goes on", ""},
      {"tables", "N,...", "of 1, 2, 3, 5 and 6", "1,2,3,5,6"},
      {"models", "A,B,...", "of Table 3; the first is that of Tables 2 and 6", "densenet121,densenet169,resnet101"},
      {"loss", "NAME", "of Tables 2, 3 and 5", "db-modified"},
      {"losses", "A,B,...", "of Table 6", "bce,bce-weighted,focal,db,db-modified"},
      {"imagenet", "FILE,...", "weights learnt from ImageNet, a file per model", ""},
      {"adult", "FILE,...", "weights learnt from radiographs of adults, a file per model", ""},
      {"begin", "WEIGHTS", "of Tables 3, 5, 6: random, imagenet, adult; auto: the last given", "auto"},
      {"seeds", "N,...", "every training is done with each of them", "1"},
      {"replicates", "N", "of the bootstrap; 0: no intervals", "10000"},
      {"dry-run", "", "list the trainings and what is done of them, then stop", ""},
  };
  const std::vector<Flag> common = common_flags();
  const auto data = std::find_if(common.begin(), common.end(), [](const Flag& f) { return f.name == "data"; });
  flags.insert(flags.begin() + 1, *data);
  std::copy_if(common.begin(), common.end(), std::back_inserter(flags), [](const Flag& f) { return f.name != "data"; });
  return Flags(
      "reproduce", "--data TABLE -o DIR [flags]",
      "Does the paper's experiments on a table of radiographs and writes its tables. Where it was stopped, the same command "
      "goes on.",
      std::move(flags),
      {"thorax reproduce --data labels.csv --adult adult121.safetensors -o paper",
       "thorax reproduce --data labels.csv --models resnet18 --size 96 -o small",
       "thorax reproduce --data labels.csv --seeds 1,2,3 -o paper"},
      false);
}

namespace {

std::vector<int64_t> numbers(const Flags& flags, const char* name, int64_t high) {
  std::vector<int64_t> found;
  for (const std::string& part : flags.list(name)) {
    Flags one("", "", "", {{name, "N", "", part}}, {}, false);
    found.push_back(one.integer(name, 0, high));
  }
  if (found.empty() || std::set(found.begin(), found.end()).size() != found.size())
    throw Error(Fault::input, str("--", name, " is \"", flags.text(name), "\"; different numbers are expected"));
  return found;
}

// Names out of known ones, none of them twice.
std::vector<std::string> names(const Flags& flags, const char* name, const std::vector<std::string>& known) {
  std::vector<std::string> found = flags.list(name);
  for (const std::string& part : found) Flags("", "", "", {{name, "NAME", "", part}}, {}, false).choice(name, known);
  if (found.empty() || std::set(found.begin(), found.end()).size() != found.size())
    throw Error(Fault::input, str("--", name, " is \"", flags.text(name), "\"; different names are expected"));
  return found;
}

void add_files(const Flags& flags, const char* weights, WeightFiles& files) {
  for (const std::string& file : flags.list(weights)) {
    const std::string model = fitting_model(weights::WeightFile(file));
    if (model.empty())
      throw Error(Fault::input, str(file, ": the backbone of no model that thorax has"),
                  "thorax inspect --model NAME FILE tells more");
    if (!files.emplace(std::pair(weights, model), file).second)
      throw Error(Fault::input, str("--", weights, ": ", file, " is a second file for ", model));
  }
}

ExperimentOptions experiment_options(const Flags& flags) {
  ExperimentOptions o;
  std::vector<std::string> known;
  for (const Model& m : models()) known.emplace_back(m.name);
  o.models = names(flags, "models", known);
  o.losses = names(flags, "losses", loss_names());
  o.loss = flags.choice("loss", loss_names());
  for (const int64_t seed : numbers(flags, "seeds", INT64_MAX)) o.seeds.push_back(static_cast<uint64_t>(seed));
  for (const int64_t table : numbers(flags, "tables", 6)) {
    if (table == 0 || table == 4)
      throw Error(Fault::input, str("--tables: there is no table ", table, " here; 1, 2, 3, 5 and 6 are expected"));
    o.tables.push_back(static_cast<int>(table));
  }
  add_files(flags, "imagenet", o.files);
  add_files(flags, "adult", o.files);
  o.weights = flags.choice("begin", {"auto", "random", "imagenet", "adult"});
  if (o.weights == "auto") o.weights = flags.given("adult") ? "adult" : flags.given("imagenet") ? "imagenet" : "random";
  return o;
}

std::string settings_text(const Flags& flags, const ExperimentOptions& o) {
  std::string seeds;
  for (const uint64_t seed : o.seeds) seeds += (seeds.empty() ? "" : ", ") + str(seed);
  return str("thorax ", THORAX_VERSION, ": ", flags.text("size"), "x", flags.text("size"), " pixels, ", flags.text("epochs"),
             " epochs, batches of ", flags.text("batch"), ", ", flags.text("dtype"), ", learning rate ", flags.text("schedule"),
             ' ', flags.text("lr"), " to ", flags.text("max-lr"), "; Tables 2, 3 and 5 with the loss ", o.loss,
             "; Tables 3, 5 and 6 from ", o.weights, " weights, where there are any for the model. Seeds: ", seeds,
             o.seeds.size() > 1 ? "; mean ± standard deviation over them."
                                : str("; 95% intervals of ", flags.text("replicates"), " bootstrap replicates by image."),
             " Every value of a run: runs/NAME/config.toml.\n");
}

std::string description(const Experiment& e) {
  return str(e.model, ", ", e.weights, " weights, ", e.loss, ", seed ", e.seed);
}

void list_runs(const std::filesystem::path& folder, const std::vector<Experiment>& all) {
  for (const Experiment& e : all) {
    const RunPaths run(run_of(folder, e));
    std::printf("%-5s  %s\n",
                is_done(run.path())         ? "done"
                : path_exists(run.config()) ? "begun"
                                            : "to do",
                description(e).c_str());
  }
}

// Every training, one after another. False: interrupted.
bool run_all(ExperimentRuns& runs, const std::filesystem::path& folder, const std::vector<Experiment>& all,
             std::map<std::string, Outcome>& outcomes) {
  for (const Experiment& e : all) {
    std::fprintf(stderr, "run     %zu of %zu: %s%s\n", outcomes.size() + 1, all.size(), description(e).c_str(),
                 is_done(run_of(folder, e)) ? "; done before" : "");
    const std::optional<Outcome> outcome = interrupted() ? std::nullopt : runs.outcome(e);
    if (!outcome) return false;
    outcomes.emplace(e.name(), *outcome);
  }
  return true;
}

std::map<int, std::vector<MeasuredLine>> measured_tables(const ExperimentOptions& o,
                                                         const std::map<std::string, Outcome>& outcomes,
                                                         const metrics::BootstrapOptions& bootstrap) {
  std::map<std::string, MeasuredLine> known;  // a model that several tables show is measured once
  std::map<int, std::vector<MeasuredLine>> tables;
  for (const int table : o.tables)
    for (const uint64_t seed : o.seeds)
      for (const TableLine& line : lines_of_table(table, o, seed)) {
        std::string key;
        std::vector<Outcome> members;
        for (const Experiment& e : line.members) key += e.name() + '+', members.push_back(outcomes.at(e.name()));
        const auto at = known.find(key);
        MeasuredLine measured = at != known.end() ? at->second : measured_line(line.name, seed, mean_of(members), bootstrap);
        measured.name = line.name;
        known.emplace(key, measured);
        tables[table].push_back(std::move(measured));
      }
  return tables;
}

void write_tables(const std::filesystem::path& folder, const data::Manifest& manifest,
                  const std::map<int, std::vector<MeasuredLine>>& tables) {
  write_file_atomically(folder / "table1.csv", cohort_csv(manifest));
  write_file_atomically(folder / "figure3.csv", distribution_csv(manifest));
  for (const auto& [table, lines] : tables)
    write_file_atomically(folder / str("table", table, ".csv"), table == 5 ? classes_csv(lines) : lines_csv(lines));
  const auto ensemble = tables.find(5);
  if (ensemble != tables.end()) write_file_atomically(folder / "figure4.csv", curves_csv(ensemble->second));
}

}  // namespace

int run_reproduce(Flags& flags) {
  if (flags.given("config")) flags.merge_toml(flags.text("config"));
  if (flags.text("data").empty())
    throw Error(Fault::input, "reproduce: --data TABLE is missing", "thorax reproduce --help has examples");
  if (flags.text("out").empty())
    throw Error(Fault::input, "reproduce: -o DIR is missing: the folder for the tables", "thorax reproduce --help has examples");
  const ExperimentOptions options = experiment_options(flags);
  const std::vector<Experiment> all = experiments(options);
  metrics::BootstrapOptions bootstrap;
  bootstrap.replicates = flags.integer("replicates", 0, 10000000);
  bootstrap.threads = threads_of(flags);
  const std::filesystem::path folder = flags.text("out");
  if (flags.on("dry-run")) {
    list_runs(folder, all);
    return 0;
  }
  make_directories(folder);
  const DirectoryLock lock(folder);
  warn_where_decoders_have_rights();
  ExperimentRuns runs(flags, options.files, {options.models.front(), "random", options.loss, options.seeds.front()});
  catch_interrupts();
  std::map<std::string, Outcome> outcomes;
  if (!run_all(runs, folder, all, outcomes)) {
    std::fprintf(stderr, "saved   stopped in run %zu of %zu; the same command goes on\n", outcomes.size() + 1, all.size());
    return interrupt_exit_code();
  }
  const auto tables = measured_tables(options, outcomes, bootstrap);
  write_tables(folder, runs.manifest(), tables);
  write_file_atomically(folder / "paper.md", paper_page(runs.manifest(), tables, settings_text(flags, options)));
  std::fprintf(stderr, "done    %s, and its tables as CSV beside it\n", printable((folder / "paper.md").string()).c_str());
  return 0;
}

}  // namespace thorax
