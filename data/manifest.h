// The table of images: which files, whose, what is known of them, and which split they belong to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "data/label.h"

namespace thorax::data {

class ImageArchive;

enum class Split : uint8_t { none, train, val, test };
const char* name_of(Split split);

// What an empty cell means. usual: not mentioned in the report, hence 0, in CheXpert and MIMIC-CXR; not known elsewhere.
enum class Empty : uint8_t { usual, ignore, zeros };
// Of several readers of one image (VinDr-CXR): a finding is there when one saw it, or when more than half did.
enum class Readers : uint8_t { majority, any };

struct ManifestOptions {
  std::filesystem::path table;       // a CSV (.gz too), an .npz of MedMNIST, or a folder: docs/data.md
  std::filesystem::path root;        // where relative paths begin; empty: the table's folder
  std::string image_column;          // empty: image, file, path, Path, Image Index or image_id, the first of them that is there
  std::string patient_column;        // empty: patient, where there is one
  std::string split_column;          // empty: split, where there is one
  std::filesystem::path split_file;  // empty, or what split_csv() wrote: instead of the table's own splits
  std::vector<std::string> labels;   // empty: every other named column whose cells are all empty, 0, 1 or -1, and not all unknown
  Uncertain uncertain = Uncertain::ignore;
  Empty empty = Empty::usual;
  Readers readers = Readers::majority;
  bool frontal = false;  // leave out images whose view is known to be lateral
  uint64_t seed = 1;     // of smoothed labels
};

// In pixels of the image as it is stored.
struct Box {
  std::string finding;
  float x, y, width, height;
};

constexpr int64_t no_member = -1;

struct Row {
  std::filesystem::path file;
  int64_t member = no_member;  // which image of the manifest's archive, where it has one
  std::string image;           // as the table has it
  std::string patient;         // as the table has it; without a patient column the image itself
  Split split = Split::none;   // none: the table does not tell
  std::vector<float> labels;   // [C], as data/label.h says
  float age = unknown_label;   // in years
  char sex = '?';              // F, M
  std::string view;            // PA, AP, LATERAL, ...; empty where not known
  std::vector<Box> boxes;
  int64_t line = 0;  // of the table; 0: it has no lines
};

struct Manifest {
  std::filesystem::path table;       // as asked for
  std::string set;                   // what the table was recognised as: "CheXpert", ..., "table"
  std::vector<std::string> classes;  // [C]: as asked for, else in the order of the table
  std::vector<Row> rows;
  bool has_patients = false;
  bool has_split = false;
  // What a person should know about how the table was understood, one line each: columns that nearly were labels.
  std::vector<std::string> notes;
  std::shared_ptr<const ImageArchive> archive;  // where the rows' images are members of one file

  std::vector<size_t> of(Split split) const;
  // Patients with images in more than one split.
  std::set<std::string> patients_in_two_splits() const;
};

// The table of a data set of the field, recognised by its columns (data/sets/), or any table: splits are spelt train, training;
// val, valid, validate, validation, dev; test, testing, in small or large letters; labels may be written 1.0; spaces around
// labels and splits do not count. --image-column makes any table a plain one. Throws Error(input): all mistakes of the table
// together, the first 20 with their lines and the count of the rest. Mistakes are what csv.h lists, two columns of one name, an
// empty image or patient, the same image twice, a wrong split or label.
Manifest read_manifest(const ManifestOptions& options);

}  // namespace thorax::data
