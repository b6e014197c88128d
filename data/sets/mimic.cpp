#include <unordered_map>

#include "data/sets/readers.h"

namespace thorax::data {

namespace {

// The table that belongs to mimic-cxr-2.0.0-chexpert.csv.gz: the same name with another last word.
std::optional<std::filesystem::path> companion(const Table& table, const std::string& word) {
  std::string name = table.name();
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  const size_t dash = name.rfind('-');
  if (dash == std::string::npos || !name.ends_with(".csv")) return std::nullopt;
  return beside(table, name.substr(0, dash + 1) + word + ".csv");
}

// Of every image, by dicom_id.
std::unordered_map<std::string, Split> splits_of(const Table& table) {
  std::unordered_map<std::string, Split> splits;
  const auto file = companion(table, "split");
  if (!file) return splits;
  Mistakes mistakes(file->filename().string());
  const Table listed(*file, mistakes);
  const size_t image = listed.column("dicom_id");
  const size_t split = listed.column("split");
  for (size_t i = 1; i < listed.rows().size(); ++i) {
    const CsvRow& row = listed.rows()[i];
    const auto read = read_split(row.cells[split]);
    if (!read) mistakes.add(row.line, "the split is ", quoted(row.cells[split]), "; train, validate or test is expected");
    splits[row.cells[image]] = read.value_or(Split::none);
  }
  mistakes.throw_if_any();
  return splits;
}

// files/p10/p10000032/s50414267/IMAGE.jpg
std::string path_of(const std::string& subject, const std::string& study, const std::string& image) {
  return "files/p" + subject.substr(0, 2) + "/p" + subject + "/s" + study + '/' + image + ".jpg";
}

}  // namespace

bool is_mimic(const Table& table) {
  return table.has({"subject_id", "study_id", "No Finding", "Enlarged Cardiomediastinum"});
}

// Labels are by study; which images a study has, the metadata say.
void read_mimic(const Reading& reading) {
  const auto file = companion(reading.table, "metadata");
  if (!file) {
    throw Error(Fault::input, str(reading.table.name(), ": MIMIC-CXR's labels by study; the metadata are expected beside it"),
                "mimic-cxr-2.0.0-metadata.csv or .csv.gz says which images a study has");
  }
  if (!reading.options.split_column.empty())
    throw Error(Fault::input, reading.table.name() + ": --split-column does not go with MIMIC-CXR-JPG", "--split-file does");
  const ChexpertLabels labels(reading);
  const size_t study_of_label = reading.table.column("study_id");
  std::unordered_map<std::string, const CsvRow*> by_study;
  for (size_t i = 1; i < reading.table.rows().size(); ++i) {
    const CsvRow& row = reading.table.rows()[i];
    if (!by_study.emplace(row.cells[study_of_label], &row).second)
      reading.mistakes.add(row.line, "the study ", quoted(row.cells[study_of_label]), " again");
  }
  const auto splits = splits_of(reading.table);
  Mistakes mistakes(file->filename().string());
  const Table metadata(*file, mistakes);
  const size_t image = metadata.column("dicom_id");
  const size_t subject = metadata.column("subject_id");
  const size_t study = metadata.column("study_id");
  const auto view = metadata.find("ViewPosition");
  int64_t unlabelled = 0;
  for (size_t i = 1; i < metadata.rows().size(); ++i) {
    const CsvRow& from = metadata.rows()[i];
    const auto labelled = by_study.find(from.cells[study]);
    unlabelled += labelled == by_study.end() ? 1 : 0;
    if (labelled == by_study.end()) continue;
    Row row;
    row.line = from.line;
    row.image = from.cells[image];
    row.patient = from.cells[subject];
    if (row.patient.empty()) mistakes.add(from.line, "the patient is empty");
    row.file = reading.root / path_of(row.patient, from.cells[study], row.image);
    const auto split = splits.find(row.image);
    row.split = split == splits.end() ? reading.part : split->second;
    if (split == splits.end() && !splits.empty()) mistakes.add(from.line, "the image has no split in the table of splits");
    row.labels = labels.read(*labelled->second, row.image);
    if (view) row.view = trimmed(from.cells[*view]);
    reading.manifest.rows.push_back(std::move(row));
  }
  mistakes.throw_if_any();
  reading.manifest.has_patients = true;
  if (unlabelled > 0) reading.manifest.notes.push_back(str(unlabelled, " images of studies without labels are left out"));
}

}  // namespace thorax::data
