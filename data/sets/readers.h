// The functions of each data set, a pair per file; what they do is in docs/data.md.
#pragma once

#include "data/sets/data_set.h"

namespace thorax::data {

bool is_chexpert(const Table& table);
void read_chexpert(const Reading& reading);
// The 14 labels that CheXpert and MIMIC-CXR share (Irvin et al. 2019): those of them that are columns of a table.
class ChexpertLabels {
 public:
  explicit ChexpertLabels(const Reading& reading);
  // [C]. Where empty cells are not known, No Finding = 1 still says that the other findings are 0, and a finding that No Finding
  // is 0. Mistakes are noted.
  std::vector<float> read(const CsvRow& row, const std::string& image) const;

 private:
  const Reading& reading_;
  std::vector<std::string> names_;
  std::vector<size_t> columns_;
  ClassList classes_;
};

bool is_mimic(const Table& table);
void read_mimic(const Reading& reading);
bool is_nih(const Table& table);
void read_nih(const Reading& reading);
bool is_vindr_pcxr(const Table& table);
void read_vindr_pcxr(const Reading& reading);
bool is_vindr_cxr(const Table& table);
void read_vindr_cxr(const Reading& reading);
bool is_vindr_boxes(const Table& table);
void read_vindr_boxes(const Reading& reading);
bool is_rsna(const Table& table);
void read_rsna(const Reading& reading);
bool is_padchest(const Table& table);
void read_padchest(const Reading& reading);

// Any other table.
void read_plain(const Reading& reading);
// What is no CSV.
void read_medmnist(const ManifestOptions& options, Manifest& manifest);
void read_class_folders(const ManifestOptions& options, Manifest& manifest);

}  // namespace thorax::data
