// A dense layer in one go: a thread runs down a band of rows, with the few rows of the bottleneck in its cache that the 3x3
// convolution reads. Neighbouring bands both compute the two rows between them.
#pragma once

#include "embed/conv.h"

namespace thorax::embed {

// Whether the bands are high enough for that.
bool dense_layer_fuses(int side, int threads);
// Floats per worker. layer: the 1x1 convolution, then the 3x3 one.
size_t dense_layer_scratch(const Layer* layer, int side, bool winograd);
// x: the block's buffer, to which channels are appended.
// winograd: transformed weights of the 3x3 convolution, or NULL. false: cancelled.
bool run_dense_layer(const Machine& machine, const Member& member, const Layer* layer, const Map& x, const float* winograd);

}  // namespace thorax::embed
