#include "apps/train_data.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "apps/console.h"
#include "apps/image_cache.h"
#include "apps/printable.h"
#include "data/check.h"
#include "data/dicom_rows.h"
#include "data/label_counts.h"
#include "data/split.h"

namespace thorax {

namespace {

// Unreadable images stop a run before it begins, or are left out: they are never met in the middle.
int64_t drop_unreadable(const TrainConfig& config, data::Manifest& manifest, const data::CachedImages* cache) {
  const auto bad = data::check_images(manifest, std::max(1, config.workers), cache);
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

ClassCounts class_counts(const data::Manifest& manifest, const data::LabelCounts& labels) {
  return {manifest.classes, labels.positives, {labels.known.begin(), labels.known.end()}};
}

// Positives of each split, and what of the training labels is no 0 or 1.
void print_labels(const TrainData& d) {
  const auto number = [](auto n) { return with_commas(static_cast<int64_t>(n)); };
  const data::LabelCounts train = data::count_labels(d.manifest, d.train);
  const data::LabelCounts val = data::count_labels(d.manifest, d.val);
  const data::LabelCounts test = data::count_labels(d.manifest, d.test);
  const auto images = static_cast<int64_t>(d.train.size());
  const bool masked = std::any_of(train.known.begin(), train.known.end(), [&](int64_t n) { return n < images; });
  const bool soft = std::any_of(train.soft.begin(), train.soft.end(), [](int64_t n) { return n > 0; });
  std::fprintf(stderr, "        %-30s %8s %8s %8s%s%s\n", "positive", "train", "val", "test", masked ? "  unknown" : "",
               soft ? "     soft" : "");
  for (size_t k = 0; k < d.manifest.classes.size(); ++k) {
    std::fprintf(stderr, "        %-30s %8s %8s %8s", shortened(d.manifest.classes[k], 30).c_str(),
                 number(std::round(train.positives[k])).c_str(), number(std::round(val.positives[k])).c_str(),
                 number(std::round(test.positives[k])).c_str());
    if (masked) std::fprintf(stderr, " %8s", number(images - train.known[k]).c_str());
    if (soft) std::fprintf(stderr, " %8s", number(train.soft[k]).c_str());
    std::fputc('\n', stderr);
  }
}

}  // namespace

TrainData load_train_data(const TrainConfig& config, int64_t& dropped) {
  TrainData d;
  d.manifest = data::read_manifest(config.manifest);
  const auto find = [&] {
    return find_cache(config.cache, config.manifest.table, d.manifest, config.recipe, config.stream.threads, d.cache_line);
  };
  d.cache = find();
  dropped = drop_unreadable(config, d.manifest, d.cache.get());
  if (dropped > 0) d.cache = find();  // whose rows are those of the manifest
  d.dicom = data::take_from_dicom(d.manifest, std::max(1, config.workers));
  if (!d.manifest.has_split) {
    data::split_by_patient(d.manifest, config.seed);
    d.split_here = true;
  }
  if (d.manifest.of(data::Split::val).empty()) {
    // Official splits often have train and test alone; the choice of the best epoch must not see the test images.
    const std::vector<size_t> rows = d.manifest.of(data::Split::train);
    if (!rows.empty()) data::split_by_patient(d.manifest, rows, {0.85, 0.15, 0.0}, config.seed);
    d.split_here = d.val_here = !rows.empty();
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
  d.counts = class_counts(d.manifest, data::count_labels(d.manifest, d.train));
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
               d.val_here     ? "; val taken from train here, by patient"
               : d.split_here ? "; split here, by patient"
                              : "");
  if (shared > 0)
    std::fprintf(stderr, "        warning: %s patients are in more than one split\n", number(shared).c_str());
  else if (d.manifest.has_patients)
    std::fprintf(stderr, "        no patient is in two splits\n");
  if (d.dicom.other_modality > 0) {
    std::fprintf(stderr, "        warning: %s images are neither CR nor DX nor DR by their modality\n",
                 with_commas(d.dicom.other_modality).c_str());
  }
  if (dropped > 0) std::fprintf(stderr, "        %s unreadable images are left out\n", with_commas(dropped).c_str());
  std::fputs(d.cache_line.c_str(), stderr);
  for (const std::string& note : d.manifest.notes) std::fprintf(stderr, "note    %s\n", printable(note).c_str());
  print_labels(d);
}

}  // namespace thorax
