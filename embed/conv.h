// A convolution over whole maps: how it is cut into items, and what happens to its input on the way in.
#pragma once

#include "embed/isa.h"
#include "embed/reader.h"
#include "embed/workers.h"

namespace thorax::embed {

inline int smaller(int a, int b) {
  return a < b ? a : b;
}
inline int larger(int a, int b) {
  return a > b ? a : b;
}
// Outputs come in pairs of blocks of 16.
inline int pairs_of(const Layer& layer) {
  return static_cast<int>(padded(layer.out)) / (2 * lanes);
}

// Blocks of 16 channels, each [height + 2 halo][width + 2 halo][16]; the halo is zero.
struct Map {
  float* data;
  int height, width, halo;

  ptrdiff_t row() const { return static_cast<ptrdiff_t>(width + 2 * halo) * lanes; }
  ptrdiff_t block() const { return (height + 2 * halo) * row(); }
  float* at(int channel_block, int y, int x) const {
    return data + channel_block * block() + (y + halo) * row() + static_cast<ptrdiff_t>(x + halo) * lanes;
  }
};

inline size_t map_floats(int channels, int side, int halo) {
  return static_cast<size_t>(channels) * static_cast<size_t>(side + 2 * halo) * static_cast<size_t>(side + 2 * halo);
}
void zero_halo(const Map& map, int channels);

// What the networks run with.
struct Machine {
  const Kernels* kernels;
  const Bf16Kernels* bf16;  // NULL: fp32
  Workers* workers;
  float* scratch;  // per worker
  size_t scratch_floats;
};

struct Conv {
  const Member* member;
  const Layer* layer;
  Map in, out;
  int out_block;  // where its channels begin
  bool add, relu;
  const float* bias;
};

// Rows [first, end): part `at` of `parts`.
struct Rows {
  int first, end;
  Rows(int height, int at, int parts) : first(height * at / parts), end(height * (at + 1) / parts) {}
};

// Output row y of a pair of channel blocks. x: its first input value; offsets: to the values of a block of input channels.
void conv_row(const Machine& machine, const Conv& conv, int pair, const float* x, const int32_t* offsets, int y);

// Output rows of a convolution with a prologue, which packs their input in the worker's scratch.
struct Strip {
  int from, count;
  int out_from;  // the first one's row in `out`
  int next;      // the row that this worker packs afterwards, whose input is fetched meanwhile; -1: none
};
size_t strip_floats(int width, int channels);
int strip_rows(int width, int channels);

// A precision's kernels for prologues, and the channels of its blocks.
struct Clamps {
  int lanes;
  void (*clamp)(const float* x, const float* low, const float* high, float* y, int pixels);
  void (*clamp_pool)(const float* x, const float* below, const float* low, const float* high, float* y, int pixels);
};
// Rows [from, from + count) of what a prologue makes of the input, in the worker's scratch.
Map packed_input(const Machine& machine, const Conv& conv, const Clamps& by, int from, int count, int worker);

void conv_strip(const Machine& machine, const Conv& conv, int worker, const Strip& strip);

// false: cancelled.
bool run_conv(const Machine& machine, const Conv& conv);

// 7x7, stride 2, ReLU, then the maximum over 3x3, stride 2. plane: [side + 6][side + 6], three zeros on every edge.
bool run_stem(const Machine& machine, const Member& member, const float* plane, int side, const Map& out);
size_t stem_scratch(int side);

}  // namespace thorax::embed
