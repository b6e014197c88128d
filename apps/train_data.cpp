#include "apps/train_data.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "apps/console.h"
#include "apps/printable.h"
#include "data/check.h"
#include "data/dicom_rows.h"
#include "data/split.h"

namespace thorax {

namespace {

// Unreadable images stop a run before it begins, or are left out: they are never met in the middle.
int64_t drop_unreadable(const TrainConfig& config, data::Manifest& manifest) {
  const auto bad = data::check_images(manifest, std::max(1, config.workers));
  if (bad.empty()) return 0;
  if (!config.skip_bad) {
    throw Error(Fault::input,
                str(config.manifest.table.string(), ": ", with_commas(static_cast<int64_t>(bad.size())), " of ",
                    with_commas(static_cast<int64_t>(manifest.rows.size())), " images cannot be read, the first: line ",
                    manifest.rows[bad[0].row].line, ": ", bad[0].reason),
                "--root DIR says where they lie; --skip-bad goes on without them");
  }
  data::drop_rows(manifest, bad);
  return static_cast<int64_t>(bad.size());
}

ClassCounts count(const data::Manifest& manifest, const std::vector<size_t>& rows) {
  ClassCounts c{manifest.classes, std::vector<double>(manifest.classes.size()), std::vector<double>(manifest.classes.size())};
  for (size_t row : rows) {
    for (size_t k = 0; k < c.classes.size(); ++k) {
      const float label = manifest.rows[row].labels[k];
      if (std::isnan(label)) continue;
      c.known[k] += 1;
      c.positives[k] += label > 0.5F ? 1 : 0;
    }
  }
  return c;
}

}  // namespace

TrainData load_train_data(const TrainConfig& config, int64_t& dropped) {
  TrainData d;
  d.manifest = data::read_manifest(config.manifest);
  dropped = drop_unreadable(config, d.manifest);
  d.dicom = data::take_from_dicom(d.manifest, std::max(1, config.workers));
  if (!d.manifest.has_split) {
    data::split_by_patient(d.manifest, config.seed);
    d.split_here = true;
  }
  d.train = d.manifest.of(data::Split::train);
  d.val = d.manifest.of(data::Split::val);
  d.test = d.manifest.of(data::Split::test);
  if (d.train.empty() || d.val.empty()) {
    throw Error(Fault::input,
                str(config.manifest.table.string(), ": ", d.train.size(), " training and ", d.val.size(),
                    " validation images; some of both are needed"),
                "the split column holds train, val and test; without one thorax splits by patient itself");
  }
  d.counts = count(d.manifest, d.train);
  return d;
}

void print_data(const TrainConfig& config, const TrainData& d, int64_t dropped) {
  std::set<std::string> patients;
  for (const data::Row& row : d.manifest.rows) patients.insert(row.patient);
  const auto number = [](size_t n) { return with_commas(static_cast<int64_t>(n)); };
  const size_t shared = d.manifest.patients_in_two_splits().size();
  std::fprintf(stderr, "data    %s: %s images%s; train %s, val %s, test %s%s\n", config.manifest.table.filename().c_str(),
               number(d.manifest.rows.size()).c_str(),
               d.manifest.has_patients ? str(", ", number(patients.size()), " patients").c_str() : "",
               number(d.train.size()).c_str(), number(d.val.size()).c_str(), number(d.test.size()).c_str(),
               d.split_here ? "; split here, by patient" : "");
  if (shared > 0)
    std::fprintf(stderr, "        warning: %s patients are in more than one split\n", number(shared).c_str());
  else if (d.manifest.has_patients)
    std::fprintf(stderr, "        no patient is in two splits\n");
  if (d.dicom.other_modality > 0) {
    std::fprintf(stderr, "        warning: %s images are neither CR nor DX nor DR by their modality\n",
                 with_commas(d.dicom.other_modality).c_str());
  }
  if (dropped > 0) std::fprintf(stderr, "        %s unreadable images are left out\n", with_commas(dropped).c_str());
  std::fprintf(stderr, "        %-30s %8s %8s %8s\n", "positive", "train", "val", "test");
  const ClassCounts val = count(d.manifest, d.val);
  const ClassCounts test = count(d.manifest, d.test);
  for (size_t k = 0; k < d.counts.classes.size(); ++k) {
    const auto n = [](double v) { return with_commas(static_cast<int64_t>(v)); };
    std::fprintf(stderr, "        %-30s %8s %8s %8s\n", shortened(d.counts.classes[k], 30).c_str(),
                 n(d.counts.positives[k]).c_str(), n(val.positives[k]).c_str(), n(test.positives[k]).c_str());
  }
}

}  // namespace thorax
