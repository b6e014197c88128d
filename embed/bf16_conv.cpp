#include "embed/bf16_conv.h"

#include <cfloat>
#include <cstring>

#include "embed/dense_layer.h"

namespace thorax::embed {

namespace bf16 {
namespace {

constexpr int max_tiles = 64;

int blocks_of(const Layer& layer) {
  return static_cast<int>(layer.in) / bf16_lanes;
}

struct PackWork {
  const Machine* machine;
  const Member* member;
  uint16_t* weights;
  float* bias;
};

// relu(g x + b) = g (clamp(x) - origin): what the bias in the file holds for the origin is taken out of it again.
void pack_bias(const Member& member, const Layer& layer, float* bias) {
  const uint32_t outputs = padded(layer.out);
  memcpy(bias, member.bias + layer.bias, outputs * sizeof(float));
  if (layer.prologue == Prologue::none) return;
  const float *low = member.clamp + layer.clamp, *high = low + layer.in;
  for (uint32_t block = 0; block < outputs / lanes; ++block) {
    double sums[lanes] = {};
    const float* w = member.weights + layer.weights + static_cast<size_t>(block) * layer.in * lanes;
    for (uint32_t c = 0; c < layer.in; ++c, w += lanes) {
      const double origin = static_cast<double>(low[c] == -FLT_MAX ? high[c] : low[c]);
      for (int i = 0; i < lanes; ++i) sums[i] += static_cast<double>(w[i]) * origin;
    }
    for (int i = 0; i < lanes; ++i)
      bias[block * lanes + i] = static_cast<float>(static_cast<double>(bias[block * lanes + i]) + sums[i]);
  }
}

void pack_layer(void* context, int item, int) {
  const PackWork& work = *static_cast<const PackWork*>(context);
  const Layer& layer = work.member->table.layers[item];
  if (layer.kind != Kind::conv) return;
  pack_bias(*work.member, layer, work.bias + layer.bias);
  const size_t taps = layer.kernel * layer.kernel, block_floats = layer.in * taps * lanes;
  const float* from = work.member->weights + layer.weights;
  uint16_t* to = work.weights + layer.weights;
  for (int pair = 0; pair < pairs_of(layer); ++pair)
    for (int b = 0; b < blocks_of(layer); ++b)
      for (size_t tap = 0; tap < taps; ++tap)
        for (int half = 0; half < 2; ++half)
          for (int k = 0; k < bf16_lanes / 2; ++k, to += bf16_lanes) {
            const size_t channel = static_cast<size_t>(b) * bf16_lanes + 2 * static_cast<size_t>(k);
            const float* even = from + static_cast<size_t>(2 * pair + half) * block_floats + (channel * taps + tap) * lanes;
            work.machine->bf16->pack(even, even + taps * lanes, to);
          }
}

// Collects tiles and hands them to the kernel when there are many.
class TileList {
 public:
  TileList(const Machine& machine, const Bf16Conv& conv, int width) : machine_(machine), conv_(conv), width_(width) {
    per_row_ = (width + bf16_pixels - 1) / bf16_pixels;
    conv_.tiles = tiles_;
    conv_.pixels = (width + per_row_ - 1) / per_row_;
  }

  // A row of outputs, cut into tiles of one length, the last of which may overlap.
  void add_row(const float* above, const float* middle, const float* below, float* y) {
    for (int t = 0; t < per_row_; ++t) {
      if (conv_.count == max_tiles) run();
      const int first = t * conv_.pixels, from = smaller(first, width_ - conv_.pixels);
      const ptrdiff_t input = static_cast<ptrdiff_t>(from) * conv_.x_pixel;
      tiles_[conv_.count++] = {
          {above + input, middle + input, below + input}, y + static_cast<ptrdiff_t>(from) * lanes, first - from};
    }
  }
  void run() {
    if (conv_.count > 0) machine_.bf16->conv(conv_);
    conv_.count = 0;
  }

 private:
  const Machine& machine_;
  Bf16Conv conv_;
  int width_, per_row_;
  Bf16Tile tiles_[max_tiles];
};

Bf16Conv kernel_conv(const Conv& conv, const uint16_t* weights) {
  const Layer& layer = *conv.layer;
  Bf16Conv c = {};
  c.kernel = static_cast<int>(layer.kernel);
  c.x_block = conv.in.block();
  c.x_pixel = static_cast<int>(layer.stride) * lanes;
  c.blocks = blocks_of(layer);
  c.weights = weights;
  c.bias = conv.bias;
  c.pairs = pairs_of(layer);
  c.y_block = conv.out.block();
  c.add = conv.add;
  c.relu = conv.relu;
  return c;
}

// Rows [from, from + count) of a 1x1 convolution; row y goes to row y mod slots of `out`, where that is a ring.
void run_strip(const Machine& machine, const Conv& conv, const uint16_t* weights, int worker, int from, int count, int slots) {
  Bf16Conv c = kernel_conv(conv, weights);
  const bool packs = conv.layer->prologue != Prologue::none;
  const Bf16Kernels& k = *machine.bf16;
  const Map in = packs ? packed_input(machine, conv, {bf16_lanes, k.clamp, k.clamp_pool}, from, count, worker) : conv.in;
  const int stride = packs ? 1 : static_cast<int>(conv.layer->stride);
  c.x_block = in.block();
  c.x_pixel = stride * lanes;
  TileList list(machine, c, conv.out.width);
  for (int y = from; y < from + count; ++y) {
    const float* x = in.at(0, packs ? y - from : y * stride, 0);
    list.add_row(x, x, x, conv.out.at(conv.out_block, y % slots, 0));
  }
  list.run();
}

struct ConvWork {
  const Machine* machine;
  const Conv* conv;
  const uint16_t* weights;
  int row_groups;  // items are row groups, or row groups x blocks of outputs
  bool by_pairs;
};

void conv_item(void* context, int item, int worker) {
  const ConvWork& work = *static_cast<const ConvWork*>(context);
  const Conv& conv = *work.conv;
  const Layer& layer = *conv.layer;
  const Rows rows(conv.out.height, item % work.row_groups, work.row_groups);
  if (layer.kernel == 1) {
    const bool packs = layer.prologue != Prologue::none;
    const int fit = packs ? strip_rows(conv.out.width, static_cast<int>(layer.in) / 2) : conv.out.height;
    for (int y = rows.first; y < rows.end; y += fit)
      run_strip(*work.machine, conv, work.weights, worker, y, smaller(fit, rows.end - y), conv.out.height);
    return;
  }
  Bf16Conv c = kernel_conv(conv, work.weights);
  float* y0 = conv.out.at(conv.out_block, 0, 0);
  if (work.by_pairs) {
    const int pair = item / work.row_groups;
    c.weights += static_cast<ptrdiff_t>(pair) * bf16_lanes * static_cast<ptrdiff_t>(layer.in) * 9;
    c.bias += pair * bf16_lanes;
    c.pairs = 1;
    y0 += pair * c.y_block;
  }
  TileList list(*work.machine, c, conv.out.width);
  for (int y = rows.first; y < rows.end; ++y) {
    const float* x = conv.in.at(0, y * static_cast<int>(layer.stride) - 1, -1);
    list.add_row(x, x + conv.in.row(), x + 2 * conv.in.row(), y0 + y * conv.out.row());
  }
  list.run();
}

// Rows of a dense layer's output at a time: enough for some tiles.
int step_of(int width) {
  return larger(1, smaller(4, 64 / width));
}

Map ring_of(int width, float* data) {
  return {data, step_of(width) + 2, width, 1};
}

struct BandWork {
  const Machine* machine;
  const Member* member;
  const Layer* layer;
  const Map* x;
  const uint16_t* weights;
  const float* bias;
  int bands;
};

void band(void* context, int item, int worker) {
  const BandWork& work = *static_cast<const BandWork*>(context);
  const Machine& m = *work.machine;
  const Map& x = *work.x;
  const Layer *one = work.layer, *three = work.layer + 1;
  const Map ring = ring_of(x.width, m.scratch + static_cast<size_t>(worker) * m.scratch_floats +
                                        bf16_strip_floats(x.width, static_cast<int>(one->in)));
  zero_halo(ring, static_cast<int>(one->out) / 2);
  const Conv first = {work.member, one, x, ring, 0, false, true, work.bias + one->bias};
  const Conv second = {work.member, three, ring, x, blocks_of(*one), false, false, work.bias + three->bias};
  const Rows rows(x.height, item, work.bands);
  int made = larger(rows.first - 1, 0);
  for (int y = rows.first, end; y < rows.end; y = end) {
    end = smaller(y + ring.height - 2, rows.end);
    const int needed = smaller(end + 1, x.height);
    run_strip(m, first, work.weights + one->weights, worker, made, needed - made, ring.height);
    made = needed;
    TileList list(m, kernel_conv(second, work.weights + three->weights), x.width);
    for (int at = y; at < end; ++at)
      list.add_row(ring_row(ring, x.height, at - 1), ring_row(ring, x.height, at), ring_row(ring, x.height, at + 1),
                   x.at(second.out_block, at, 0));
    list.run();
  }
}

}  // namespace
}  // namespace bf16

void pack_bf16(const Machine& machine, const Member& member, uint16_t* weights, float* bias) {
  bf16::PackWork work = {&machine, &member, weights, bias};
  machine.workers->run(member.table.count, bf16::pack_layer, &work);
}

// Of a dense layer's first step, which makes two rows more.
size_t bf16_strip_floats(int width, int channels) {
  return strip_floats((bf16::step_of(width) + 2) * width, channels / 2);
}

bool run_bf16_conv(const Machine& machine, const Conv& conv, const uint16_t* weights) {
  const Layer& layer = *conv.layer;
  const int height = conv.out.height, width = conv.out.width;
  const int64_t count = static_cast<int64_t>(padded(layer.out)) * layer.in * layer.kernel * layer.kernel;
  bf16::ConvWork work = {&machine, &conv, weights, 0, layer.kernel > 1 && count > 262144};
  work.row_groups = layer.kernel == 1 ? Workers::pieces(machine.workers->threads())
                    : work.by_pairs   ? (height * width + 1023) / 1024
                                      : smaller(16, (height * width + 63) / 64);
  work.row_groups = smaller(work.row_groups, height);
  return machine.workers->run(work.row_groups * (work.by_pairs ? pairs_of(layer) : 1), bf16::conv_item, &work);
}

size_t bf16_dense_layer_scratch(const Layer* layer, int side) {
  return bf16_strip_floats(side, static_cast<int>(layer->in)) +
         layer->out / bf16_lanes * static_cast<size_t>(bf16::ring_of(side, nullptr).block());
}

bool run_bf16_dense_layer(const Machine& machine, const Member& member, const Layer* layer, const Map& x, const uint16_t* weights,
                          const float* bias) {
  bf16::BandWork work = {&machine, &member, layer, &x, weights, bias, Workers::pieces(machine.workers->threads())};
  return machine.workers->run(work.bands, bf16::band, &work);
}

}  // namespace thorax::embed
