// The networks: which convolution reads and writes what, and how much memory that takes.
#pragma once

#include "embed/conv.h"

namespace thorax::embed {

struct Layout {
  size_t region[4];  // floats; used in turn by maps that are not alive together
  size_t scratch;    // per worker
};

Layout layout_of(const Member& member, int side, int threads, bool winograd, bool bf16);

// What a session has made of a member's weights. NULL: not asked for; the file's are used.
struct OwnWeights {
  float* winograd;
  uint16_t* bf16;
  float* bf16_bias;
};

struct Memory {
  float* region[4];
  OwnWeights own;
  float* maps;  // [padded classes/16][map][map][16]
};

struct Result {
  float logits[max_classes + 2 * lanes];
};

// In bf16 where the machine has kernels for it. pixels: [side,side] grey bytes. Fills in the result and the maps. false:
// cancelled.
bool run_network(const Machine& machine, const Member& member, const RecipeRecord& recipe, const uint8_t* pixels, int side,
                 const Memory& memory, Result* result);

}  // namespace thorax::embed
