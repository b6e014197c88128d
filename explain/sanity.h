// Are maps about what the model has learnt, and about what it looks at? The two halves of `thorax explain --sanity`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data/manifest.h"
#include "data/preprocess.h"
#include "tensor/rng.h"
#include "tensor/store.h"

namespace thorax::explain {

// Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018: weights are made random stage by stage, from the head to the
// input; a map that stays the same is an edge detector, not an explanation.
struct Stage {
  std::string name;                  // "classifier", "features.denseblock4", "fc", "layer4", ...
  std::vector<std::string> tensors;  // its parameters and running statistics
};
// names: a store's, from the input to the head. From the head to the input.
std::vector<Stage> stages_from_head(const std::vector<std::string>& names);
// The stage's tensors become those of fresh, a store of the same model.
void randomise(const Stage& stage, const Store& fresh, Store& store);

// What a probability loses when a part of the image is grey: the marked box, and boxes of its size anywhere else.
struct Greying {
  double marked = 0;
  double random = 0;  // the mean of `random_boxes`
};
constexpr int random_boxes = 16;
// plane: [size,size], the network's input; inside: where the radiograph lies in it; box: in pixels of it, inside. Grey is the
// radiograph's mean. probability(plane): what the model says.
Greying greying(const std::vector<uint8_t>& plane, int64_t size, const data::Placed& inside, const data::Box& box,
                const std::function<double(const std::vector<uint8_t>&)>& probability, const Rng& rng);

}  // namespace thorax::explain
