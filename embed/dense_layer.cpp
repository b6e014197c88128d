#include "embed/dense_layer.h"

namespace thorax::embed {

namespace {

constexpr int ring_rows = 3;  // what a 3x3 convolution reads

struct Work {
  const Machine* machine;
  const Member* member;
  const Layer* layer;  // the 1x1 convolution; behind it the 3x3 one
  const Map* x;
  int bands;
};

// Of the ring in a worker's scratch, behind what conv_strip packs. Its halo stays zero, so a halo row stands for those outside.
Map ring_of(const Work& work, int worker) {
  const Machine& m = *work.machine;
  const size_t at = static_cast<size_t>(worker) * m.scratch_floats + strip_floats(work.x->width, static_cast<int>(work.layer->in));
  return {m.scratch + at, ring_rows, work.x->width, 1};
}

// Row y of the 3x3 convolution, of rows y-1, y and y+1 in the ring.
void second_row(const Work& work, const Map& ring, int y) {
  const Map& x = *work.x;
  const Layer& layer = work.layer[1];
  int32_t offsets[9 * lanes];
  for (int c = 0, at = 0; c < lanes; ++c) {
    for (int i = y - 1; i <= y + 1; ++i) {
      const int slot = i < 0 || i >= x.height ? -1 : i % ring_rows;
      for (int j = 0; j < 3; ++j) offsets[at++] = static_cast<int32_t>((slot + 1) * ring.row()) + j * lanes + c;
    }
  }
  const Conv conv = {work.member, &layer, ring, x, static_cast<int>(work.layer->in) / lanes, false, false,
                     work.member->bias + layer.bias};
  conv_row(*work.machine, conv, 0, ring.at(0, -1, -1), offsets, y);
}

void band(void* context, int item, int worker) {
  const Work& work = *static_cast<const Work*>(context);
  const Map& x = *work.x;
  const Map ring = ring_of(work, worker);
  zero_halo(ring, static_cast<int>(work.layer->out));
  const Conv first = {work.member, work.layer, x, ring, 0, false, true, work.member->bias + work.layer->bias};
  const Rows rows(x.height, item, work.bands);
  const int end = rows.end < x.height ? rows.end + 1 : x.height;
  int made = rows.first > 0 ? rows.first - 1 : 0;
  for (int y = rows.first; y < rows.end; ++y) {
    for (; made < end && made <= y + 1; ++made)
      conv_strip(*work.machine, first, worker, {made, 1, made % ring_rows, made + 1 < end ? made + 1 : -1});
    second_row(work, ring, y);
  }
}

}  // namespace

bool dense_layer_fuses(int side, int threads) {
  return side >= 16 * threads;
}

size_t dense_layer_scratch(const Layer& layer, int side) {
  return strip_floats(side, static_cast<int>(layer.in)) + static_cast<size_t>(layer.out) * (ring_rows + 2) * static_cast<size_t>(side + 2);
}

bool run_dense_layer(const Machine& machine, const Member& member, const Layer* layer, const Map& x) {
  Work work = {&machine, &member, layer, &x, machine.workers->threads()};
  return machine.workers->run(work.bands, band, &work);
}

}  // namespace thorax::embed
