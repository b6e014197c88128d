// Class-aware sampling: Shen, Lin, Huang, "Relay Backpropagation for Effective Learning of Deep Convolutional Neural Networks",
// ECCV 2016; the Distribution-Balanced loss's authors train with it.
#pragma once

#include "data/manifest.h"

namespace thorax::data {

// The order of an epoch: rows.size() indices into rows. Classes come in rounds, each round all classes that have a positive, in
// an order of its own; each time a class comes, the next three of its positive images are taken, in an order that is drawn anew
// when the class is through. So every class is drawn equally often, rare ones again and again, and an image without any positive
// label never. A function of (seed, epoch) and the labels. Throws Error(input) when no label of these rows is positive.
std::vector<size_t> class_aware_order(const Manifest& manifest, const std::vector<size_t>& rows, uint64_t seed, int64_t epoch);

}  // namespace thorax::data
