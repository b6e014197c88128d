// A dense layer in one go: each thread runs down a band of rows, with three rows of the bottleneck in its cache. Neighbouring bands
// both compute the two rows between them.
#pragma once

#include "embed/conv.h"

namespace thorax::embed {

// Whether the bands are high enough for that.
bool dense_layer_fuses(int side, int threads);
// Floats per worker.
size_t dense_layer_scratch(const Layer& layer, int side);
// layer: the 1x1 convolution, then the 3x3 one. x: the block's buffer, to which channels are appended. false: cancelled.
bool run_dense_layer(const Machine& machine, const Member& member, const Layer* layer, const Map& x);

}  // namespace thorax::embed
