// How well heat maps find what was marked by hand: the pointing game (Zhang et al., ECCV 2016) and the overlap of boxes.
#pragma once

#include <string>
#include <vector>

#include "metrics/mean_interval.h"

namespace thorax::metrics {

// One class in one image that has it marked.
struct Located {
  size_t class_index = 0;
  bool hit = false;  // the map's peak lies in a marked box
  double iou = 0;    // of the found box with the marked box that fits best: intersection over union
};

struct LocatedClass {
  std::string name;
  int64_t images = 0;  // with such a box; of 0 there are no figures
  Mean pointing, iou;
};

// A row per class. Intervals: the central 95% of bootstrap replicates that draw the class's images with replacement.
std::vector<LocatedClass> localisation(const std::vector<std::string>& classes, const std::vector<Located>& located,
                                       int64_t replicates, uint64_t seed);

}  // namespace thorax::metrics
