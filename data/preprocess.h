// What is done to every image before the network sees it. Recorded in the checkpoint, and done again by predict.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/image.h"
#include "kernels/image.h"

namespace thorax::data {

struct Recipe {
  int64_t size = 512;
  Fit fit = Fit::stretch;
  bool equalize = true;
  float mean = 0.449F;  // ImageNet's, averaged over the channels
  float std = 0.226F;
};

// Under keys that begin with "preprocess.".
std::map<std::string, std::string> to_metadata(const Recipe& recipe);
// The exact recipe again. metadata: may hold other keys too. Throws Error(input) that names the key which is missing, wrong, or
// begins with "preprocess." and is not known.
Recipe recipe_from_metadata(const std::map<std::string, std::string>& metadata);

// Where the whole image lies in the square that the network sees, in pixels of the square; around it is zero.
struct Placed {
  int64_t top, left, height, width;
};
Placed placed(int64_t height, int64_t width, const Recipe& recipe);

// [size,size] bytes: equalised at the original resolution, then resized, the paper's order. (x/255 - mean)/std follows in the
// first kernel.
std::vector<uint8_t> preprocess(const Image& image, const Recipe& recipe);

}  // namespace thorax::data
