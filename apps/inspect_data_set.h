// What is in a data set: a table, an .npz, or a folder.
#pragma once

#include "apps/flags.h"

namespace thorax {

// By its name: a folder, .csv, .csv.gz or .npz.
bool is_data_set(const std::filesystem::path& path);

struct DataSetDescription {
  std::string text;    // ends in a newline
  int64_t unreadable;  // images
};

// For a person, or with --json in one line: counts by split, labels and which go together, sizes, duplicates by content, patients
// in two splits, what cannot be read. The table is read as the flags say. Throws Error(input) when it is wrong.
DataSetDescription describe_data_set(const std::filesystem::path& path, const Flags& flags);

}  // namespace thorax
