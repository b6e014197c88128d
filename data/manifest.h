// The table of images: which files, whose, what is known of them, and which split they belong to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace thorax::data {

enum class Split : uint8_t { none, train, val, test };
const char* name_of(Split split);

struct ManifestOptions {
  std::filesystem::path table;      // CSV
  std::filesystem::path root;       // where relative paths begin; empty: the table's folder
  std::string image_column;         // empty: image, file, path, Path, Image Index or image_id, the first of them that is there
  std::string patient_column;       // empty: patient, where there is one
  std::string split_column;         // empty: split, where there is one
  std::vector<std::string> labels;  // empty: every other named column whose cells are all empty, 0, 1 or -1, and not all unknown
};

struct Row {
  std::filesystem::path file;
  std::string image;          // as the table has it
  std::string patient;        // as the table has it; without a patient column the image itself
  Split split = Split::none;  // none: the table has no split column
  std::vector<float> labels;  // [C]: 0, 1, or NaN where not known (empty, -1)
  int64_t line = 0;
};

struct Manifest {
  std::vector<std::string> classes;  // [C]: as asked for, else in the order of the table
  std::vector<Row> rows;
  bool has_patients = false;
  bool has_split = false;
  // What a person should know about how the table was understood, one line each: columns that nearly were labels.
  std::vector<std::string> notes;

  std::vector<size_t> of(Split split) const;
  // Patients with images in more than one split.
  std::set<std::string> patients_in_two_splits() const;
};

// Splits are spelt train, training; val, valid, validate, validation, dev; test, testing, in small or large letters. Labels may
// be written 1.0; spaces around labels and splits do not count. Throws Error(input): all mistakes of the table together, the
// first 20 with their lines and the count of the rest. Mistakes are what csv.h lists, two columns of one name, an empty image or
// patient, the same image twice, a wrong split or label.
Manifest read_manifest(const ManifestOptions& options);

}  // namespace thorax::data
