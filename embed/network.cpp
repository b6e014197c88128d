#include "embed/network.h"

#include <cstring>

#include "embed/bf16_conv.h"
#include "embed/dense_layer.h"
#include "embed/winograd.h"

namespace thorax::embed {

namespace {

constexpr int bottleneck_channels = 128;  // of a dense layer

// Floats that a pixel's channels take.
int room(int channels, bool bf16) {
  return bf16 ? channels / 2 : channels;
}

void grow(size_t* to, size_t at_least) {
  if (*to < at_least) *to = at_least;
}

// Where a DenseNet's maps lie in region 0. Blocks take turns at its front and behind; what follows a block overwrites it.
struct DensePlan {
  size_t block[4];       // the block's buffer
  size_t bottleneck[4];  // behind it, for layers that are not run in one go
  size_t plane;          // the stem's input, inside the first block's buffer behind what the stem writes
  size_t floats;         // of all
  int channels[4], side[4];
};

DensePlan plan_densenet(const Architecture& a, int input, int threads, bool bf16) {
  DensePlan p = {};
  int channels = 64, side = halved(halved(input));
  for (int i = 0; i < 4; ++i, channels /= 2, side /= 2) {
    channels += 32 * a.blocks[i];
    p.channels[i] = channels;
    p.side[i] = side;
    const size_t next = map_floats(room(channels / 2, bf16), side / 2, 0);
    p.block[i] = i % 2 == 1 ? 0 : i == 0 ? next : map_floats(room(p.channels[1], bf16), p.side[1], 0);
    p.bottleneck[i] = p.block[i] + map_floats(room(channels, bf16), side, 0);
    if (i == 0) p.plane = p.bottleneck[0] - map_floats(1, input, 3);
    const bool fuses = dense_layer_fuses(side, threads);
    grow(&p.floats, p.bottleneck[i] + (fuses ? 0 : map_floats(room(bottleneck_channels, bf16), side, 1)));
  }
  return p;
}

void layout_densenet(const Member& member, int input, int threads, bool winograd, bool bf16, Layout* l) {
  const DensePlan p = plan_densenet(*member.architecture, input, threads, bf16);
  l->region[0] = p.floats;
  const Layer* layer = member.table.layers + 1;
  for (int block = 0; block < 4; ++block) {
    for (int i = 0; i < member.architecture->blocks[block]; ++i, layer += 2) {
      grow(&l->scratch,
           bf16 ? bf16_dense_layer_scratch(layer, p.side[block]) : dense_layer_scratch(layer, p.side[block], winograd));
      if (winograd) grow(&l->scratch, run_winograd_scratch(layer[1], p.side[block]));
    }
    if (block == 3) break;
    const auto channels = static_cast<int>((layer++)->in);
    grow(&l->scratch, bf16 ? bf16_strip_floats(p.side[block + 1], channels) : strip_floats(p.side[block + 1], channels));
  }
  grow(&l->scratch, strip_floats(p.side[3], static_cast<int>(layer->in)));
}

int out_channels(const Architecture& a, int stage) {
  return (a.bottleneck ? 256 : 64) << stage;
}

void layout_resnet(const Architecture& a, int side, bool winograd, bool bf16, Layout* l) {
  int size = halved(halved(side));
  int at = 0, channels = 64;
  grow(&l->region[at], map_floats(room(channels, bf16), size, 1));
  grow(&l->region[2], map_floats(1, side, 3));  // the stem's input
  for (int stage = 0; stage < 4; ++stage) {
    const int width = 64 << stage, out = out_channels(a, stage);
    grow(&l->region[2], map_floats(room(width, bf16), size, 1));
    if (stage > 0) size = halved(size);
    if (stage > 0 || channels != out) at = 1 - at;
    channels = out;
    grow(&l->region[at], map_floats(room(out, bf16), size, 1));
    grow(&l->region[2], map_floats(room(width, bf16), size, 1));
    if (a.bottleneck) grow(&l->region[3], map_floats(room(width, bf16), size, 0));
    Layer three = {};
    three.in = static_cast<uint32_t>(width);
    if (winograd) grow(&l->scratch, run_winograd_scratch(three, size));
  }
}

struct Network {
  const Machine& machine;
  const Member& member;
  const Memory& memory;
  int next;  // layer

  const float* winograd(int layer) const {
    const float* all = memory.own.winograd;
    return all == nullptr ? nullptr : all + winograd_offset(member.table, member.table.layers + layer);
  }
  bool bf16() const { return machine.bf16 != nullptr; }
  int blocks(int channels) const { return channels / (bf16() ? bf16_lanes : lanes); }
  bool conv(int layer, const Map& in, const Map& out, int out_block, bool relu, bool add) const {
    const Layer& l = member.table.layers[layer];
    const Conv c = {&member, &l, in, out, out_block, add, relu, (bf16() ? memory.own.bf16_bias : member.bias) + l.bias};
    if (bf16()) return run_bf16_conv(machine, c, memory.own.bf16 + l.weights);
    return memory.own.winograd != nullptr && has_winograd(l) ? run_winograd(machine, c, winograd(layer)) : run_conv(machine, c);
  }
};

// A dense layer in one go.
bool run_fused(const Network& n, const Map& x) {
  const Layer* layer = n.member.table.layers + n.next;
  return n.bf16() ? run_bf16_dense_layer(n.machine, n.member, layer, x, n.memory.own.bf16, n.memory.own.bf16_bias)
                  : run_dense_layer(n.machine, n.member, layer, x, n.winograd(n.next + 1));
}

// A dense layer map by map, where bands would be too low.
bool run_in_two(const Network& n, const Map& x, const Map& bottleneck, int channels) {
  return n.conv(n.next, x, bottleneck, 0, true, false) && n.conv(n.next + 1, bottleneck, x, n.blocks(channels), false, false);
}

// The last block's map is left in *last.
bool run_densenet(Network& n, int input, Map* last) {
  const int threads = n.machine.workers->threads();
  const DensePlan p = plan_densenet(*n.member.architecture, input, threads, n.bf16());
  float* region = n.memory.region[0];
  int channels = 64;
  for (int block = 0; block < 4; ++block) {
    const int side = p.side[block];
    const Map x = {region + p.block[block], side, side, 0};
    if (block == 0 && !run_stem(n.machine, n.member, region + p.plane, input, x)) return false;
    const bool fuses = dense_layer_fuses(side, threads);
    const Map bottleneck = {region + p.bottleneck[block], side, side, 1};
    if (!fuses) zero_halo(bottleneck, room(bottleneck_channels, n.bf16()));
    for (int i = 0; i < n.member.architecture->blocks[block]; ++i, channels += 32, n.next += 2) {
      if (!(fuses ? run_fused(n, x) : run_in_two(n, x, bottleneck, channels))) return false;
    }
    *last = x;
    if (block == 3) break;
    channels /= 2;
    const Map half = {region + p.block[block + 1], p.side[block + 1], p.side[block + 1], 0};
    if (!n.conv(n.next++, x, half, 0, false, false)) return false;
  }
  return true;
}

// One residual block: its output is in *x.
bool run_residual(Network& n, Map* x, int* at, int* channels, int width, int stride, int out) {
  const Architecture& a = *n.member.architecture;
  const int branch = a.bottleneck ? 3 : 2;
  const bool projected = stride != 1 || *channels != out;
  const int first = n.next;
  n.next += branch + (projected ? 1 : 0);
  const int half = stride == 2 ? halved(x->height) : x->height;
  const int inner = a.bottleneck ? x->height : half;
  const Map one = {n.memory.region[2], inner, inner, 1};
  zero_halo(one, room(width, n.bf16()));
  if (!n.conv(first, *x, one, 0, true, false)) return false;
  Map in = one;
  if (a.bottleneck) {
    in = {n.memory.region[3], half, half, 0};
    if (!n.conv(first + 1, one, in, 0, true, false)) return false;
  }
  if (projected) {
    *at = 1 - *at;
    const Map y = {n.memory.region[*at], half, half, 1};
    zero_halo(y, room(out, n.bf16()));
    if (!n.conv(first + branch, *x, y, 0, false, false)) return false;
    *x = y;
    *channels = out;
  }
  return n.conv(first + branch - 1, in, *x, 0, true, true);
}

bool run_resnet(Network& n, int side, Map* last) {
  const Architecture& a = *n.member.architecture;
  const int size = halved(halved(side));
  int channels = 64, at = 0;
  Map x = {n.memory.region[0], size, size, 1};
  zero_halo(x, room(channels, n.bf16()));
  if (!run_stem(n.machine, n.member, n.memory.region[2], side, x)) return false;
  for (int stage = 0; stage < 4; ++stage)
    for (int i = 0; i < a.blocks[stage]; ++i)
      if (!run_residual(n, &x, &at, &channels, 64 << stage, stage > 0 && i == 0 ? 2 : 1, out_channels(a, stage))) return false;
  *last = x;
  return true;
}

// In bf16 the classifier is fp32 still.
Map widened(const Network& n, const Map& x) {
  const Map wide = {n.memory.region[3], x.height, x.width, 0};
  const auto channels = static_cast<int>(n.member.table.layers[n.member.table.count - 1].in);
  for (int b = 0; b < channels / bf16_lanes; ++b)
    for (int y = 0; y < x.height; ++y)
      n.machine.bf16->widen(x.at(b, y, 0), wide.at(2 * b, y, 0), wide.at(2 * b + 1, y, 0), x.width);
  return wide;
}

// The mean over the pixels, then the classifier; and the classifier at every pixel.
bool classify(const Network& n, const Map& x, Result* result) {
  const Layer& layer = n.member.table.layers[n.member.table.count - 1];
  const int blocks = static_cast<int>(layer.in) / lanes;
  float features[max_channels];
  const bool clamps = layer.prologue != Prologue::none;
  const float* low = n.member.clamp + layer.clamp;
  const float* high = low + layer.in;
  const float share = 1.0F / static_cast<float>(x.height * x.width);
  for (int b = 0; b < blocks; ++b) {
    float* sum = features + b * lanes;
    memset(sum, 0, lanes * sizeof(float));
    for (int y = 0; y < x.height; ++y)
      n.machine.kernels->sum(x.at(b, y, 0), clamps ? low + b * lanes : nullptr, clamps ? high + b * lanes : nullptr, x.width,
                             sum);
    for (int i = 0; i < lanes; ++i) sum[i] *= share;
  }
  const int outputs = static_cast<int>(padded(layer.out));
  ConvRow row = {};
  row.x = features;
  row.x_block = lanes;
  row.x_pixel = lanes;
  row.blocks = blocks;
  row.steps = lanes;
  row.y_block = lanes;
  row.width = 1;
  for (int from = 0; from < outputs; from += 2 * lanes) {
    row.weights = n.member.weights + layer.weights + static_cast<ptrdiff_t>(from) * static_cast<ptrdiff_t>(layer.in);
    row.bias = n.member.bias + layer.bias + from;
    row.y = result->logits + from;
    n.machine.kernels->conv_row(row);
  }
  const Map maps = {n.memory.maps, x.height, x.width, 0};
  return run_conv(n.machine, {&n.member, &layer, x, maps, 0, false, false, n.member.bias + layer.bias + outputs});
}

// (pixel/255 - mean)/std, each step rounded, inside three zeros on every edge.
void fill_plane(const RecipeRecord& recipe, const uint8_t* pixels, int side, float* plane) {
  float table[256];
  for (int i = 0; i < 256; ++i) table[i] = (static_cast<float>(i) / 255.0F - recipe.mean) / recipe.std;
  memset(plane, 0, static_cast<size_t>(side + 6) * static_cast<size_t>(side + 6) * sizeof(float));
  for (int y = 0; y < side; ++y) {
    float* to = plane + static_cast<ptrdiff_t>(y + 3) * (side + 6) + 3;
    for (int x = 0; x < side; ++x) to[x] = table[pixels[static_cast<ptrdiff_t>(y) * side + x]];
  }
}

// The stem's input lies where nothing else is while the stem runs.
float* plane_of(const Network& n, int side) {
  const Architecture& a = *n.member.architecture;
  return a.dense ? n.memory.region[0] + plan_densenet(a, side, n.machine.workers->threads(), n.bf16()).plane : n.memory.region[2];
}

}  // namespace

Layout layout_of(const Member& member, int side, int threads, bool winograd, bool bf16) {
  Layout l = {{0, 0, 0, 0}, 0};
  const Architecture& a = *member.architecture;
  if (a.dense)
    layout_densenet(member, side, threads, winograd, bf16, &l);
  else
    layout_resnet(a, side, winograd, bf16, &l);
  if (bf16) grow(&l.region[3], map_floats(member.table.features, map_size(a, side), 0));
  grow(&l.scratch, stem_scratch(side));
  grow(&l.scratch, strip_floats(1, max_channels));
  return l;
}

bool run_network(const Machine& machine, const Member& member, const RecipeRecord& recipe, const uint8_t* pixels, int side,
                 const Memory& memory, Result* result) {
  Network n = {machine, member, memory, 1};
  fill_plane(recipe, pixels, side, plane_of(n, side));
  Map last;
  const bool done = member.architecture->dense ? run_densenet(n, side, &last) : run_resnet(n, side, &last);
  return done && classify(n, n.bf16() ? widened(n, last) : last, result);
}

}  // namespace thorax::embed
