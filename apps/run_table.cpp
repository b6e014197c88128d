#include "apps/run_table.h"

#include <cstdio>
#include <map>
#include <set>

#include "apps/console.h"
#include "apps/data_flags.h"
#include "apps/device.h"
#include "apps/image_cache.h"
#include "apps/printable.h"
#include "apps/toml.h"
#include "apps/train_flags.h"
#include "data/dicom_rows.h"
#include "data/split.h"

namespace thorax {

std::vector<Flag> measuring_flags() {
  return with_data_flags({{"data", "TABLE", "another table or folder; else the run's own", ""}},
                         {
                             {"split", "NAME", "train, val, test or all", "test"},
                             {"tta", "none|flip|six", "test-time augmentation: mirrored; also turned by 5 degrees", "none"},
                             {"replicates", "N", "of the bootstrap; 0: no intervals", "10000"},
                             {"seed", "N", "of the bootstrap", "1"},
                             {"resample", "image|patient", "what the bootstrap draws", "image"},
                             {"stratify", "", "draw within groups of the same labels", ""},
                             {"batch", "N", "images at once", "32"},
                             device_flag(),
                             {"threads", "N", "0: all processors", "0"},
                             {"workers", "N", "threads that prepare images", "2"},
                             cache_flag(),
                             {"json", "", "one JSON object on stdout instead of the table", ""},
                             {"quiet", "", "no progress", ""},
                         });
}

namespace {

data::Manifest read_table(const Flags& flags, const std::vector<std::string>& classes) {
  data::ManifestOptions o = manifest_options(flags, flags.text("data"));
  o.labels = classes;
  data::Manifest manifest = data::read_manifest(o);
  data::take_from_dicom(manifest, static_cast<int>(flags.integer("workers", 1, 256)));
  return manifest;
}

}  // namespace

data::Manifest table_of(const Flags& flags, const std::filesystem::path& run, const std::vector<std::string>& classes) {
  if (flags.given("labels")) throw Error(Fault::input, "--labels: the classes are the model's");
  return flags.text("data").empty() ? own_table(flags, run, classes) : read_table(flags, classes);
}

data::Manifest own_table(const Flags& flags, const std::filesystem::path& run, const std::vector<std::string>& classes) {
  const std::filesystem::path config = run / "config.toml";
  if (!std::filesystem::exists(config))
    throw Error(Fault::input, str(run.string(), ": no run folder, so --data TABLE is needed"));
  const bool other = !flags.text("data").empty();
  Flags own = other ? Flags("", "", "", measuring_flags(), {}, true) : flags;
  const auto values = read_toml(config);
  for (const std::string& name : data_flag_names()) {
    const auto at = values.find(name);
    if (at != values.end() && name != "labels" && (other || !flags.given(name))) own.set(name, at->second.text);
  }
  data::Manifest manifest = read_table(own, classes);
  const std::filesystem::path split = run / "split.csv";
  if ((other || !flags.given("split-file")) && std::filesystem::exists(split)) {
    const auto skip_bad = values.find("skip-bad");
    const bool skipped = skip_bad != values.end() && skip_bad->second.text == "true";
    data::apply_split_csv(manifest, split, skipped ? data::Missing::leave_out : data::Missing::refuse);
  }
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

namespace {

// How many of the images the run was trained on; nullopt where its own table cannot be read any more.
std::optional<int64_t> trained_on(const Flags& flags, const std::filesystem::path& run,
                                  const std::set<std::filesystem::path>& images, const std::vector<std::string>& classes) {
  try {
    int64_t seen = 0;
    for (const data::Row& row : own_table(flags, run, classes).rows)
      if (row.split == data::Split::train && images.count(row.file.lexically_normal()) != 0) ++seen;
    return seen;
  } catch (const Error& error) {
    if (error.fault() != Fault::input) throw;
    return std::nullopt;
  }
}

}  // namespace

void warn_of_training_images(const Flags& flags, const std::vector<std::string>& runs, const data::Manifest& manifest,
                             const std::vector<size_t>& rows, const std::vector<std::string>& classes) {
  std::set<std::filesystem::path> images;
  for (const size_t row : rows) images.insert(manifest.rows[row].file.lexically_normal());
  for (const std::string& run : runs) {
    const std::optional<int64_t> seen = trained_on(flags, run, images, classes);
    if (!seen)
      std::fprintf(stderr, "note    the table of %s cannot be read: whether it was trained on these images is not known\n",
                   printable(run).c_str());
    else if (*seen > 0)
      std::fprintf(stderr, "note    %s was trained on %s of these %s images: its figures flatter\n", printable(run).c_str(),
                   with_commas(*seen).c_str(), with_commas(static_cast<int64_t>(rows.size())).c_str());
  }
}

metrics::BootstrapOptions bootstrap_options(const Flags& flags, const data::Manifest& manifest, const std::vector<size_t>& rows) {
  metrics::BootstrapOptions o;
  o.replicates = flags.integer("replicates", 0, 10000000);
  o.seed = static_cast<uint64_t>(flags.integer("seed", 0, INT64_MAX));
  o.threads = threads_of(flags);
  o.resampling.stratified = flags.on("stratify");
  if (flags.choice("resample", {"image", "patient"}) == "image") return o;
  if (!manifest.has_patients)
    throw Error(Fault::input, "--resample patient: the table has no patient column", "--patient-column NAME names it");
  std::map<std::string, uint32_t> numbers;
  for (const size_t row : rows)
    o.resampling.patients.push_back(
        numbers.emplace(manifest.rows[row].patient, static_cast<uint32_t>(numbers.size())).first->second);
  return o;
}

std::string resampling_text(const metrics::BootstrapOptions& o) {
  return str(o.resampling.patients.empty() ? "by image" : "by patient", o.resampling.stratified ? ", stratified by labels" : "",
             o.bca ? ", BCa" : "");
}

std::optional<int64_t> patients_of(const data::Manifest& manifest, const std::vector<size_t>& rows) {
  if (!manifest.has_patients) return std::nullopt;
  std::set<std::string> patients;
  for (const size_t row : rows) patients.insert(manifest.rows[row].patient);
  return static_cast<int64_t>(patients.size());
}

}  // namespace thorax
