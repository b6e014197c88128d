#include "metrics/localisation.h"

#include <algorithm>

namespace thorax::metrics {

namespace {

Interval central(std::vector<double> means) {
  std::sort(means.begin(), means.end());
  return {percentile(means, 0.025), percentile(means, 0.975), std::ssize(means)};
}

void add_intervals(LocatedClass& c, const std::vector<Located>& images, int64_t replicates, uint64_t seed) {
  std::vector<uint32_t> times(images.size());
  std::vector<double> pointing;
  std::vector<double> iou;
  for (int64_t r = 0; r < replicates; ++r) {
    resample(seed, static_cast<uint64_t>(r), times);
    double hits = 0;
    double sum = 0;
    for (size_t i = 0; i < images.size(); ++i) {
      hits += images[i].hit ? times[i] : 0;
      sum += times[i] * images[i].iou;
    }
    pointing.push_back(hits / static_cast<double>(images.size()));
    iou.push_back(sum / static_cast<double>(images.size()));
  }
  c.pointing_interval = central(std::move(pointing));
  c.iou_interval = central(std::move(iou));
}

}  // namespace

std::vector<LocatedClass> localisation(const std::vector<std::string>& classes, const std::vector<Located>& located,
                                       int64_t replicates, uint64_t seed) {
  std::vector<LocatedClass> result;
  for (size_t k = 0; k < classes.size(); ++k) {
    std::vector<Located> images;
    std::copy_if(located.begin(), located.end(), std::back_inserter(images),
                 [&](const Located& l) { return l.class_index == k; });
    LocatedClass& c = result.emplace_back();
    c.name = classes[k];
    c.images = std::ssize(images);
    if (images.empty()) continue;
    for (const Located& l : images) {
      c.pointing += (l.hit ? 1.0 : 0.0) / static_cast<double>(images.size());
      c.iou += l.iou / static_cast<double>(images.size());
    }
    if (replicates > 0) add_intervals(c, images, replicates, seed);
  }
  return result;
}

}  // namespace thorax::metrics
