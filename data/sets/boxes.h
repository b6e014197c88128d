// What was marked by hand in radiographs: tables with a box a row.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/manifest.h"
#include "data/table.h"

namespace thorax::data {

// The columns of such a table:
//   image or image_id, class_name, x_min, y_min, x_max, y_max     VinDr-CXR, VinDr-PCXR, phantoms
//   Image Index, Finding Label, Bbox [x,y,w,h]                    NIH's BBox_List_2017.csv
//   patientId, x, y, width, height                                RSNA's; every box is a lung opacity
class BoxColumns {
 public:
  // Throws Error(input) for a table that has none of these.
  explicit BoxColumns(const Table& table);

  const std::string& image_of(const CsvRow& row) const { return row.cells[image_]; }
  // nullopt: a row without a box (four empty cells), of an image in which nothing was found. What is no number is noted as a
  // mistake.
  std::optional<Box> read(const CsvRow& row, Mistakes& mistakes) const;

 private:
  const Table& table_;
  size_t image_ = 0;
  std::optional<size_t> finding_;  // nullopt: RSNA's
  std::array<size_t, 4> numbers_{};
  bool corners_ = false;  // else x, y, width, height
};

// The boxes of each image, by its name as the table has it.
using BoxTable = std::map<std::string, std::vector<Box>>;
// Throws Error(input): all mistakes together, with their lines; a box without width or height is one.
BoxTable read_boxes(const std::filesystem::path& file);

// "images/000001.png" -> "images/000001"; without the ending of an image file the name stays (a UID holds dots, too).
std::string without_image_ending(const std::string& name);
// The boxes whose image is the end of this path, with or without its ending, whole folders only: of the longest such name.
// nullptr: there are none.
class BoxesByName {
 public:
  explicit BoxesByName(const BoxTable& boxes);
  const std::vector<Box>* of(const std::filesystem::path& file) const;

 private:
  BoxTable boxes_;
};

}  // namespace thorax::data
