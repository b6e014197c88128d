// A dense layer in one go: a thread runs down a band of rows, with the few rows of the bottleneck in its cache that the 3x3
// convolution reads. Neighbouring bands both compute the two rows between them.
#pragma once

#include "embed/conv.h"

namespace thorax::embed {

// Rows of the bottleneck lie in a ring, row y in slot y mod height. Its halo stays zero, so a halo row stands for those outside
// the map, which has `height` rows. From column -1 of channel block 0.
inline const float* ring_row(const Map& ring, int height, int y) {
  return ring.at(0, y < 0 || y >= height ? -1 : y % ring.height, -1);
}

// Whether the bands are high enough for that.
bool dense_layer_fuses(int side, int threads);
// Floats per worker. layer: the 1x1 convolution, then the 3x3 one.
size_t dense_layer_scratch(const Layer* layer, int side, bool winograd);
// x: the block's buffer, to which channels are appended.
// winograd: transformed weights of the 3x3 convolution, or NULL. false: cancelled.
bool run_dense_layer(const Machine& machine, const Member& member, const Layer* layer, const Map& x, const float* winograd);

}  // namespace thorax::embed
