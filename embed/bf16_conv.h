// Convolutions and dense layers in bf16: 32 channels a block, weights packed when a session is made.
#pragma once

#include "embed/conv.h"

namespace thorax::embed {

// A member's convolutions, rounded: each where its weights are in the file, in the order of Bf16Conv, and BIAS without what the
// clamps' subtraction makes superfluous. weights: [table.weights]; bias: [table.bias].
void pack_bf16(const Machine& machine, const Member& member, uint16_t* weights, float* bias);

// conv: maps, out_block and bias in bf16's blocks. weights: this layer's. false: cancelled.
bool run_bf16_conv(const Machine& machine, const Conv& conv, const uint16_t* weights);
size_t bf16_strip_floats(int width, int channels);

// As run_dense_layer does it. weights, bias: the member's, packed.
size_t bf16_dense_layer_scratch(const Layer* layer, int side);
bool run_bf16_dense_layer(const Machine& machine, const Member& member, const Layer* layer, const Map& x, const uint16_t* weights,
                          const float* bias);

}  // namespace thorax::embed
