// Heat maps on the matrix of the original radiograph, and what can be read from them there.
#pragma once

#include <optional>
#include <vector>

#include "data/manifest.h"
#include "data/preprocess.h"
#include "explain/planes.h"

namespace thorax::explain {

// The map that covers the network's input square, back on the radiograph: [height,width]. Each of its cells covers an equal part
// of the square; between their centres it is bilinear, outside them the nearest cell's. The inverse of data::preprocess in
// coordinates: padding falls away, the rest is stretched.
std::vector<float> on_original(const float* map, int64_t map_height, int64_t map_width, const data::Recipe& recipe,
                               int64_t height, int64_t width);

// Divided by scale (above 0; a map of zeros has none and stays), cut off at 1.
void normalise(std::vector<float>& map, float scale);

struct Point {
  float x = 0, y = 0;
};
// The pixel with the largest value; of several, their mean.
Point peak_of(const std::vector<float>& map, int64_t width);

// The box around the largest connected region (in pixels; diagonal neighbours count) at or above threshold; nullopt: there is
// none. The box's finding stays empty.
std::optional<data::Box> box_of(const std::vector<float>& map, int64_t width, float threshold);

}  // namespace thorax::explain
