#include "data/split.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "apps/cohort_table.h"
#include "apps/console.h"
#include "apps/data_flags.h"
#include "apps/printable.h"
#include "apps/train_flags.h"
#include "apps/verbs.h"
#include "data/dicom_rows.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace thorax {

Flags split_flags() {
  return Flags("split", "--data TABLE -o FILE [flags]",
               "Splits a data set by patient, so that every label keeps its share; prints what is where.",
               with_data_flags(
                   {{"data", "TABLE", "the images: a table or a folder (docs/data.md)", ""},
                    {"out", "FILE", "image,patient,split, for --split-file of the other verbs", ""},
                    {"fractions", "A,B,C", "of train, val and test", "70,15,15"},
                    {"keep-test", "", "leave the table's own test images, split the others", ""},
                    {"seed", "N", "another seed, another split", "1"},
                    {"threads", "N", "that read headers of DICOM files; 0: all processors", "0"}},
                   {{"json", "", "one JSON object on stdout instead of the table", ""}, {"overwrite", "", "replace --out", ""}}),
               {"thorax split --data labels.csv -o split.csv", "thorax split --data CheXpert/ --fractions 80,10,10 -o split.csv"},
               false);
}

namespace {

data::Fractions fractions_of(const Flags& flags) {
  const std::vector<std::string> parts = flags.list("fractions");
  data::Fractions fractions{};
  double sum = 0;
  bool good = parts.size() == fractions.size();
  for (size_t i = 0; good && i < parts.size(); ++i) {
    char* end = nullptr;
    fractions[i] = std::strtod(parts[i].c_str(), &end);
    good = end != parts[i].c_str() && *end == '\0' && fractions[i] >= 0 && fractions[i] <= 100;
    sum += fractions[i];
  }
  if (!good || sum <= 0 || (std::abs(sum - 1) > 1e-6 && std::abs(sum - 100) > 1e-4)) {
    throw Error(Fault::input,
                str("--fractions is \"", flags.text("fractions"), "\"; three numbers that sum up to 100 or 1 are expected"),
                "70,15,15 is train, val and test");
  }
  for (double& f : fractions) f /= sum;
  return fractions;
}

// The rows to split: all, or those that are no test images already.
std::vector<size_t> rows_to_split(const data::Manifest& manifest, bool keep_test) {
  std::vector<size_t> rows;
  for (size_t i = 0; i < manifest.rows.size(); ++i) {
    if (!keep_test || manifest.rows[i].split != data::Split::test) rows.push_back(i);
  }
  if (keep_test && rows.size() == manifest.rows.size())
    throw Error(Fault::input, "--keep-test: the table has no test images", "without it all images are split");
  return rows;
}

std::string error_line(const data::Manifest& manifest, const data::ShareError& e) {
  if (e.split == data::Split::none) return "every class has exactly its share in every split\n";
  return str("largest error of a class's share: ", fixed(100 * e.error, 2), " per cent (",
             printable(manifest.classes[e.class_index]), ": ", fixed(100 * e.share, 2), "% of ", with_commas(e.positives),
             " positives in ", data::name_of(e.split), ")\n");
}

}  // namespace

int run_split(Flags& flags) {
  if (flags.text("data").empty()) throw Error(Fault::input, "split: --data TABLE is missing", "thorax split --help has examples");
  data::Fractions fractions = fractions_of(flags);
  const std::filesystem::path out = flags.text("out");
  if (!out.empty() && path_exists(out) && !flags.on("overwrite"))
    throw Error(Fault::input, out.string() + ": exists already", "--overwrite replaces it");
  data::Manifest manifest = data::read_manifest(manifest_options(flags, flags.text("data")));
  data::take_from_dicom(manifest, threads_of(flags));
  for (const std::string& note : manifest.notes) std::fprintf(stderr, "note    %s\n", printable(note).c_str());
  if (!manifest.has_patients) std::fprintf(stderr, "note    the table names no patients: every image counts as one of its own\n");
  const std::vector<size_t> rows = rows_to_split(manifest, flags.on("keep-test"));
  if (flags.on("keep-test")) {
    const double rest = fractions[0] + fractions[1];
    if (rest <= 0) throw Error(Fault::input, "--keep-test: --fractions leaves nothing for train and val");
    fractions = {fractions[0] / rest, fractions[1] / rest, 0.0};
  }
  data::split_by_patient(manifest, rows, fractions, static_cast<uint64_t>(flags.integer("seed", 0, INT64_MAX)));
  manifest.has_split = true;
  const data::ShareError error = data::largest_share_error(manifest, rows, fractions);
  if (flags.on("json")) {
    std::printf("{\"cohorts\": %s, \"largest_error\": %s, \"class\": %s, \"split\": %s}\n", cohort_json(manifest).c_str(),
                json_number(error.error).c_str(),
                error.split == data::Split::none ? "null" : json_quote(printable(manifest.classes[error.class_index])).c_str(),
                error.split == data::Split::none ? "null" : json_quote(data::name_of(error.split)).c_str());
  } else {
    std::printf("%s\n%s", cohort_table(manifest).c_str(), error_line(manifest, error).c_str());
  }
  if (out.empty()) return 0;
  write_file_atomically(out, data::split_csv(manifest));
  std::fprintf(stderr, "next    thorax train --data %s --split-file %s -o run\n", printable(flags.text("data")).c_str(),
               printable(out.string()).c_str());
  return 0;
}

}  // namespace thorax
