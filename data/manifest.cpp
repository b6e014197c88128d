#include "data/manifest.h"

#include <algorithm>
#include <array>
#include <thread>
#include <unordered_map>

#include "data/dicom_rows.h"
#include "data/sets/readers.h"
#include "data/split.h"

namespace thorax::data {

namespace {

// A table of a folder, and the split that its name stands for.
struct Part {
  std::filesystem::path file;
  Split split;
};

constexpr std::array<const char*, 2> endings{"", ".gz"};

// The tables by which a folder is known as a data set; those of one line belong together. Empty: none is there.
std::vector<Part> tables_of(const std::filesystem::path& folder) {
  using Name = std::pair<const char*, Split>;
  static const std::vector<std::vector<Name>> known{
      {{"labels.csv", Split::none}},
      {{"train.csv", Split::train}, {"valid.csv", Split::val}, {"test.csv", Split::test}},
      {{"image_labels_train.csv", Split::train}, {"image_labels_test.csv", Split::test}},
      {{"Data_Entry_2017_v2020.csv", Split::none}},
      {{"Data_Entry_2017.csv", Split::none}},
      {{"mimic-cxr-2.0.0-chexpert.csv", Split::none}},
      {{"stage_2_train_labels.csv", Split::none}},
      {{"PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv", Split::none}}};
  std::error_code error;
  for (const auto& names : known) {
    std::vector<Part> parts;
    for (const auto& [name, split] : names) {
      for (const char* ending : endings) {
        const std::filesystem::path file = folder / (std::string(name) + ending);
        if (std::filesystem::is_regular_file(file, error) && (parts.empty() || parts.back().split != split))
          parts.push_back({file, split});
      }
    }
    // One part alone is no split.
    if (parts.size() == 1) parts[0].split = Split::none;
    if (!parts.empty()) return parts;
  }
  return {};
}

const DataSet* recognised(const Table& table, const ManifestOptions& options) {
  if (!options.image_column.empty()) return nullptr;
  for (const DataSet& set : data_sets()) {
    if (set.recognises(table)) return &set;
  }
  return nullptr;
}

// Rows that were appended behind `first`.
void check_rows(const Manifest& manifest, size_t first, Mistakes& mistakes) {
  std::unordered_map<std::string, size_t> seen;
  for (size_t i = 0; i < manifest.rows.size(); ++i) {
    const Row& row = manifest.rows[i];
    if (row.image.empty() && i >= first) mistakes.add(row.line, "the image is empty");
    if (row.image.empty()) continue;
    const auto [it, fresh] = seen.emplace(row.file.lexically_normal().string(), i);
    if (fresh || i < first) continue;
    const Row& before = manifest.rows[it->second];
    mistakes.add(row.line, it->second < first ? "an image of another part again: " + quoted(before.image)
                                              : str("the image of line ", before.line, " again"));
  }
}

// Flags that would be passed over without a word are refused. what: why they mean nothing here.
void refuse(const std::filesystem::path& table, const std::string& value, const char* flag, const char* what) {
  if (!value.empty())
    throw Error(Fault::input, str(table.filename().string(), ": ", flag, " does not go with ", what),
                "docs/data.md says what does");
}

void refuse_columns(const ManifestOptions& options, const char* what) {
  refuse(options.table, options.image_column, "--image-column", what);
  refuse(options.table, options.patient_column, "--patient-column", what);
  refuse(options.table, options.split_column, "--split-column", what);
  refuse(options.table, options.root.string(), "--root", what);
}

void read_part(const ManifestOptions& options, const Part& part, Manifest& manifest) {
  Mistakes mistakes(part.file.filename().string());
  const Table table(part.file, mistakes);
  const DataSet* set = recognised(table, options);
  const bool zeros = options.empty == Empty::usual ? set != nullptr && set->empty_is_zero : options.empty == Empty::zeros;
  const std::string name = set != nullptr ? set->name : "table";
  if (set != nullptr) refuse(part.file, options.patient_column, "--patient-column", set->name);
  const std::vector<std::string> classes = manifest.classes;
  if (!manifest.set.empty() && manifest.set != name)
    throw Error(Fault::input, str(table.name(), ": its columns are those of ", name, ", the part before it is ", manifest.set));
  manifest.set = name;
  const size_t first = manifest.rows.size();
  const std::filesystem::path root = options.root.empty() ? part.file.parent_path() : options.root;
  const Reading reading{options, table, root, part.split, {options.uncertain, zeros, false, options.seed}, manifest, mistakes};
  set != nullptr ? set->read(reading) : read_plain(reading);
  check_rows(manifest, first, mistakes);
  mistakes.throw_if_any();
  if (manifest.rows.empty()) throw Error(Fault::input, table.name() + ": no image is left");
  if (manifest.classes.empty()) throw Error(Fault::input, table.name() + ": no finding is named in it");
  if (first > 0 && manifest.classes != classes)
    throw Error(Fault::input, str(table.name(), ": other classes than in the part before it"),
                "--labels A,B names those to take");
}

void keep_frontal(Manifest& manifest) {
  const auto lateral = [](const Row& row) {
    const std::string view = lower_case(row.view);
    return view.rfind("lat", 0) == 0 || view == "ll" || view == "rl" || view == "l";
  };
  const size_t before = manifest.rows.size();
  std::erase_if(manifest.rows, lateral);
  if (before > manifest.rows.size()) manifest.notes.push_back(str(before - manifest.rows.size(), " lateral views are left out"));
  if (manifest.rows.empty()) throw Error(Fault::input, "every image is a lateral view", "without --frontal they are taken");
}

}  // namespace

const char* name_of(Split split) {
  constexpr std::array<const char*, 4> names{"none", "train", "val", "test"};
  return names[static_cast<size_t>(split)];
}

std::vector<size_t> Manifest::of(Split split) const {
  std::vector<size_t> indices;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].split == split) indices.push_back(i);
  }
  return indices;
}

std::set<std::string> Manifest::patients_in_two_splits() const {
  std::unordered_map<std::string, Split> first;
  std::set<std::string> shared;
  for (const Row& row : rows) {
    if (row.split == Split::none) continue;
    const auto [it, fresh] = first.emplace(row.patient, row.split);
    if (!fresh && it->second != row.split) shared.insert(row.patient);
  }
  return shared;
}

Manifest read_manifest(const ManifestOptions& options) {
  Manifest manifest;
  manifest.table = options.table;
  std::error_code error;
  if (std::filesystem::is_directory(options.table, error)) {
    const std::vector<Part> parts = tables_of(options.table);
    for (const Part& part : parts) read_part(options, part, manifest);
    if (parts.empty()) {
      refuse_columns(options, "a folder per class");
      read_class_folders(options, manifest);
    }
  } else if (lower_case(options.table.extension().string()) == ".npz") {
    refuse_columns(options, "MedMNIST");
    read_medmnist(options, manifest);
  } else {
    read_part(options, {options.table, Split::none}, manifest);
  }
  if (options.frontal) {
    take_from_dicom(manifest, static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
    keep_frontal(manifest);
  }
  if (!options.split_file.empty()) apply_split_csv(manifest, options.split_file);
  manifest.has_split =
      std::any_of(manifest.rows.begin(), manifest.rows.end(), [](const Row& r) { return r.split != Split::none; });
  return manifest;
}

}  // namespace thorax::data
