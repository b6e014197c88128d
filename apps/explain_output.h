// What explain writes: arrays, pictures and boxes into a folder; a line an image on stdout.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "apps/explain_inputs.h"
#include "apps/explainer.h"
#include "explain/placement.h"
#include "metrics/localisation.h"

namespace thorax {

// One class in one image, on the image's matrix.
struct ClassMap {
  size_t class_index = 0;
  float probability = 0;
  std::optional<data::Box> found;
  explain::Point peak;
  std::vector<data::Box> truth;
  bool hit = false;
  double iou = 0;
  std::string picture, overlay;  // the files' names in the folder; empty: none was written
};

struct ExplainedImage {
  std::string file;
  std::vector<std::string> raw;  // names of the arrays in the folder, one per model
  std::vector<float> probabilities;
  std::vector<ClassMap> maps;
};

class ExplainFolder {
 public:
  // Makes the folder. Throws Error(input) where something lies in it, unless overwrite.
  ExplainFolder(std::filesystem::path folder, bool overwrite);
  const std::filesystem::path& path() const { return folder_; }

  // A name for the files of an image, from the file's own; never the same twice.
  std::string name_for(const std::filesystem::path& file);
  // [C,h,w] float32; returns the file's name.
  std::string write_raw(const std::string& name, size_t model, size_t models, const explain::Planes& maps) const;
  // STEM.map.png, 16 bits grey; returns the file's name.
  std::string write_picture(const std::string& stem, const std::vector<float>& map, const data::Image& image) const;
  void write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path folder_;
  std::set<std::string> used_;
};

// How the names of the files of a class in an image begin: "NAME.2-pneumonia".
std::string stem_of(const std::string& name, size_t class_index, const std::string& class_name);

std::string explain_line(const ExplainedImage& image, const std::vector<std::string>& classes, bool json);
// boxes.csv
std::string boxes_csv(const std::vector<ExplainedImage>& images, const std::vector<std::string>& classes);

// {"value": ..., "low": ..., "high": ...}; null: there is no interval.
std::string mean_json(const metrics::Mean& m);

std::string localisation_table(const std::vector<metrics::LocatedClass>& classes);
// Seconds of all images together.
std::string times_json(const ExplainTimes& times, size_t images);
std::string localisation_json(const std::vector<metrics::LocatedClass>& classes);

}  // namespace thorax
