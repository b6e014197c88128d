#include "explain/sanity.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace thorax::explain {

namespace {

// Its first word, or the first two where the first one says nothing.
std::string stage_of(const std::string& tensor) {
  const std::string features = "features.";
  const size_t begin = tensor.starts_with(features) ? features.size() : 0;
  return tensor.substr(0, tensor.find('.', begin));
}

uint8_t mean_grey(const std::vector<uint8_t>& plane, int64_t size, const data::Placed& inside) {
  double sum = 0;
  for (int64_t y = inside.top; y < inside.top + inside.height; ++y)
    for (int64_t x = inside.left; x < inside.left + inside.width; ++x) sum += plane[static_cast<size_t>(y * size + x)];
  return static_cast<uint8_t>(std::lround(sum / static_cast<double>(inside.height * inside.width)));
}

std::vector<uint8_t> with_grey(std::vector<uint8_t> plane, int64_t size, const data::Placed& part, uint8_t grey) {
  for (int64_t y = part.top; y < part.top + part.height; ++y) std::fill_n(plane.begin() + y * size + part.left, part.width, grey);
  return plane;
}

}  // namespace

std::vector<Stage> stages_from_head(const std::vector<std::string>& names) {
  std::vector<Stage> stages;
  for (const std::string& name : names) {
    const std::string stage = stage_of(name);
    if (stages.empty() || stages.back().name != stage) stages.push_back({stage, {}});
    stages.back().tensors.push_back(name);
  }
  std::reverse(stages.begin(), stages.end());
  return stages;
}

void randomise(const Stage& stage, const Store& fresh, Store& store) {
  for (const std::string& name : stage.tensors) {
    const Tensor from = fresh.find(name);
    std::memcpy(store.find(name).data, from.data, from.bytes());
  }
  store.touch();
}

Greying greying(const std::vector<uint8_t>& plane, int64_t size, const data::Placed& inside, const data::Box& box,
                const std::function<double(const std::vector<uint8_t>&)>& probability, const Rng& rng) {
  const uint8_t grey = mean_grey(plane, size, inside);
  const double whole = probability(plane);
  data::Placed part{std::lround(box.y), std::lround(box.x), std::lround(box.height), std::lround(box.width)};
  Greying lost{whole - probability(with_grey(plane, size, part, grey)), 0};
  for (uint64_t i = 0; i < random_boxes; ++i) {
    part.top = inside.top + rng.below(2 * i, static_cast<uint32_t>(inside.height - part.height + 1));
    part.left = inside.left + rng.below(2 * i + 1, static_cast<uint32_t>(inside.width - part.width + 1));
    lost.random += (whole - probability(with_grey(plane, size, part, grey))) / random_boxes;
  }
  return lost;
}

}  // namespace thorax::explain
