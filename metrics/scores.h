// What a model said about a set of images, beside the truth.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thorax::metrics {

struct Scores {
  std::vector<std::string> classes;  // C names
  int64_t n = 0;                     // images
  std::vector<float> probabilities;  // [n, C], finite; any monotone score will do
  std::vector<float> labels;         // [n, C]; 1, 0, or NaN where the label is not known

  // Throws std::invalid_argument, with the image and the class, when a size, a probability or a label is not as said above.
  void check() const;
};

// One class without the images whose label is unknown.
struct KnownScores {
  std::vector<uint32_t> images;  // rows of the Scores
  std::vector<float> scores;
  std::vector<uint8_t> labels;
  int64_t positives = 0;
  bool has_both_values() const { return positives > 0 && positives < std::ssize(labels); }
};

// scores must have passed check().
KnownScores known_scores(const Scores& scores, size_t class_index);

}  // namespace thorax::metrics
