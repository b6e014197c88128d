#include "metrics/localisation.h"

namespace thorax::metrics {

std::vector<LocatedClass> localisation(const std::vector<std::string>& classes, const std::vector<Located>& located,
                                       int64_t replicates, uint64_t seed) {
  std::vector<LocatedClass> result;
  for (size_t k = 0; k < classes.size(); ++k) {
    std::vector<double> hits;
    std::vector<double> overlaps;
    for (const Located& l : located) {
      if (l.class_index != k) continue;
      hits.push_back(l.hit ? 1 : 0);
      overlaps.push_back(l.iou);
    }
    LocatedClass& c = result.emplace_back();
    c.name = classes[k];
    c.images = std::ssize(hits);
    if (hits.empty()) continue;
    c.pointing = mean_interval(hits, replicates, seed);
    c.iou = mean_interval(overlaps, replicates, seed);
  }
  return result;
}

}  // namespace thorax::metrics
