#include "embed/dense_layer.h"

#include "embed/winograd.h"

namespace thorax::embed {

namespace {

struct BandWork {
  const Machine* machine;
  const Member* member;
  const Layer* layer;
  const Map* x;
  const float* winograd;
  int step;  // rows of output at a time, which read two more
  int bands;
};

int step_of(bool winograd) {
  return winograd ? winograd_tile : 1;
}

Map ring_of(int width, bool winograd, float* data) {
  return {data, step_of(winograd) + 2, width, 1};
}

// Row y of the 3x3 convolution.
void direct_row(const BandWork& work, const Conv& conv, int y) {
  const Map& ring = conv.in;
  const float* origin = ring.at(0, -1, -1);
  int32_t offsets[9 * lanes];
  for (int c = 0, at = 0; c < lanes; ++c)
    for (int i = y - 1; i <= y + 1; ++i)
      for (int j = 0; j < 3; ++j)
        offsets[at++] = static_cast<int32_t>(ring_row(ring, work.x->height, i) - origin) + j * lanes + c;
  conv_row(*work.machine, conv, 0, origin, offsets, y);
}

// Rows [y, y + 4).
void winograd_row(const BandWork& work, const Conv& conv, int y, float* scratch) {
  TileRow row;
  row.y = y;
  for (int i = 0; i < winograd_rows; ++i) row.rows[i] = ring_row(conv.in, work.x->height, y - 1 + i);
  winograd_group(*work.machine, conv, work.winograd, scratch, &row, 1, 0, 1);
}

void band(void* context, int item, int worker) {
  const BandWork& work = *static_cast<const BandWork*>(context);
  const Machine& m = *work.machine;
  const Map& x = *work.x;
  const Layer *one = work.layer, *three = work.layer + 1;
  const bool winograd = work.winograd != nullptr;
  float* ring_data =
      m.scratch + static_cast<size_t>(worker) * m.scratch_floats + strip_floats(x.width, static_cast<int>(one->in));
  const Map ring = ring_of(x.width, winograd, ring_data);
  zero_halo(ring, static_cast<int>(one->out));
  float* scratch = ring_data + one->out / lanes * static_cast<size_t>(ring.block());
  const Conv first = {work.member, one, x, ring, 0, false, true, work.member->bias + one->bias};
  const Conv second = {
      work.member, three, ring, x, static_cast<int>(one->in) / lanes, false, false, work.member->bias + three->bias};
  const Rows steps((x.height + work.step - 1) / work.step, item, work.bands);
  const int first_row = steps.first * work.step, last_row = steps.end * work.step;
  const int end = last_row < x.height ? last_row + 1 : x.height;
  int made = first_row > 0 ? first_row - 1 : 0;
  for (int y = first_row; y < last_row; y += work.step) {
    for (; made < end && made <= y + work.step; ++made)
      conv_strip(m, first, worker, {made, 1, made % ring.height, made + 1 < end ? made + 1 : -1});
    if (winograd)
      winograd_row(work, second, y, scratch);
    else
      direct_row(work, second, y);
  }
}

}  // namespace

bool dense_layer_fuses(int side, int threads) {
  return side >= 16 * Workers::pieces(threads);
}

size_t dense_layer_scratch(const Layer* layer, int side, bool winograd) {
  const Map ring = ring_of(side, winograd, nullptr);
  return strip_floats(side, static_cast<int>(layer->in)) + layer->out / lanes * static_cast<size_t>(ring.block()) +
         (winograd ? winograd_scratch(layer[1], winograd_tiles(side)) : 0);
}

bool run_dense_layer(const Machine& machine, const Member& member, const Layer* layer, const Map& x, const float* winograd) {
  BandWork work = {
      &machine, &member, layer, &x, winograd, step_of(winograd != nullptr), Workers::pieces(machine.workers->threads())};
  return machine.workers->run(work.bands, band, &work);
}

}  // namespace thorax::embed
