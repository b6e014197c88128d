// 3x3 convolutions of stride 1 by Winograd's minimal filtering, F(4x4, 3x3) (Lavin and Gray 2016): 36 products where the sum
// itself takes 144. Rounded differently from that, but alike on all processors: tiles lie at multiples of 4.
#pragma once

#include "embed/conv.h"

namespace thorax::embed {

constexpr int winograd_tile = 4;     // outputs, squared
constexpr int winograd_rows = 6;     // inputs that a row of tiles reads
constexpr int winograd_points = 36;  // products

inline bool has_winograd(const Layer& layer) {
  return layer.kernel == 3 && layer.stride == 1;
}

// A model's transformed weights: per such layer [36][padded out/16][in][16], one behind the other.
size_t winograd_floats(const Table& table);
size_t winograd_offset(const Table& table, const Layer* layer);  // layer: in the table
void transform_weights(Workers* workers, const Member& member, float* all);

// A row of tiles. rows: of input block 0, from the first output's column -1; those outside the map are zeros.
struct TileRow {
  const float* rows[winograd_rows];
  int y;  // of the first output
};

// Floats of scratch for so many tiles.
size_t winograd_scratch(const Layer& layer, int tiles);
int winograd_tiles(int width);
// Some rows of tiles, the pairs [pair_from, pair_end) of output blocks.
void winograd_group(const Machine& machine, const Conv& conv, const float* weights, float* scratch, const TileRow* group,
                    int count, int pair_from, int pair_end);

// A whole map; the input has a halo of zeros. false: cancelled.
bool run_winograd(const Machine& machine, const Conv& conv, const float* weights);
size_t run_winograd_scratch(const Layer& layer, int side);

}  // namespace thorax::embed
