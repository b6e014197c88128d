// What a model says about the validation and test images, beside the truth; as a file too, so that no image is looked at twice.
#pragma once

#include <filesystem>
#include <vector>

#include "metrics/scores.h"

namespace thorax {

struct Outcome {
  metrics::Scores val, test;
};

// The mean of what several models say about the same images.
Outcome mean_of(const std::vector<Outcome>& outcomes);

// The probabilities alone; the truth is the table's.
void write_outcome(const std::filesystem::path& file, const Outcome& outcome);
// truth: of the images that it was made for. Throws Error(input) when the file is damaged, or of other images or classes.
Outcome read_outcome(const std::filesystem::path& file, Outcome truth);

}  // namespace thorax
