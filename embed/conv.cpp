#include "embed/conv.h"

#include <cstring>

namespace thorax::embed {

namespace {

constexpr int max_steps = 9 * lanes;
constexpr int max_tile = 14;      // pixels of a kernel's tile, at most
constexpr int stem_rows = 4;      // of the pooled map, per item
constexpr int max_strip = 32768;  // floats: a quarter of a small second-level cache

struct Work {
  const Machine* machine;
  const Conv* conv;
  int row_groups;  // items are row groups, or row groups x pairs of output blocks
  bool by_pairs;
  int32_t offsets[max_steps];
};

ConvRow row_of(const Conv& conv, const Map& in, const int32_t* offsets) {
  const Layer& layer = *conv.layer;
  ConvRow row = {};
  row.x_block = in.block();
  row.x_pixel = static_cast<int>(layer.stride) * lanes;
  row.blocks = static_cast<int>(layer.in) / lanes;
  row.offsets = offsets;
  row.steps = static_cast<int>(layer.kernel * layer.kernel) * lanes;
  row.y_block = conv.out.block();
  row.width = conv.out.width;
  row.add = conv.add;
  row.relu = conv.relu;
  return row;
}

void set_pair(const Conv& conv, int pair, ConvRow* row) {
  row->weights = conv.member->weights + conv.layer->weights + static_cast<ptrdiff_t>(2 * pair) * row->blocks * row->steps * lanes;
  row->bias = conv.bias + static_cast<ptrdiff_t>(2 * pair) * lanes;
}

// The input of row `next` is spread over the first pairs, each of which fetches some lines for every tile.
void set_ahead(const Conv& conv, int next, int pair, ConvRow* row) {
  const Layer& layer = *conv.layer;
  const int parts = smaller(pairs_of(layer), 4);
  row->ahead = 0;
  if (next < 0 || pair >= parts) return;
  const bool pools = layer.prologue == Prologue::clamp_pool;
  const int step = pools ? 2 : static_cast<int>(layer.stride);
  const int columns = pools ? pair / 2 : pair, lines = (max_tile * step + parts - 1) / parts * (pools ? 2 : 1);
  row->ahead = lines;
  row->ahead_x = conv.in.at(0, step * next + (pools ? pair % 2 : 0), columns * lines);
  row->ahead_block = conv.in.block();
  row->ahead_pixel = step * lanes;
}

void conv_item(void* context, int item, int worker) {
  const Work& work = *static_cast<const Work*>(context);
  const Conv& conv = *work.conv;
  const Layer& layer = *conv.layer;
  const Rows rows(conv.out.height, item % work.row_groups, work.row_groups);
  if (layer.kernel == 1) {
    const int count = strip_rows(conv.out.width, static_cast<int>(layer.in));
    for (int y = rows.first; y < rows.end; y += count) {
      const int end = smaller(y + count, rows.end);
      conv_strip(*work.machine, conv, worker, {y, end - y, y, end < rows.end ? end : -1});
    }
    return;
  }
  const auto stride = static_cast<int>(layer.stride);
  const int pad = static_cast<int>(layer.kernel) / 2;
  const int pair_from = work.by_pairs ? item / work.row_groups : 0;
  for (int pair = pair_from; pair < (work.by_pairs ? pair_from + 1 : pairs_of(layer)); ++pair) {
    for (int y = rows.first; y < rows.end; ++y)
      conv_row(*work.machine, conv, pair, conv.in.at(0, y * stride - pad, -pad), work.offsets, y);
  }
}

struct StemWork {
  const Machine* machine;
  const Member* member;
  const float* plane;
  int side;
  const Map* out;
  int32_t offsets[49];
};

// One pair of the stem's blocks, some rows of the pooled map.
void stem_item(void* context, int item, int worker) {
  const StemWork& work = *static_cast<const StemWork*>(context);
  const Map& out = *work.out;
  const Kernels& k = *work.machine->kernels;
  const int side = halved(work.side);
  const int pair = item % 2;
  const int first = item / 2 * stem_rows;
  const int end = smaller(first + stem_rows, out.height);
  const int conv_from = larger(2 * first - 1, 0), conv_end = smaller(2 * end, side);
  const Map rows = {work.machine->scratch + static_cast<size_t>(worker) * work.machine->scratch_floats, conv_end - conv_from,
                    side, 0};
  ConvRow row = {};
  row.x_pixel = 2;
  row.blocks = 1;
  row.offsets = work.offsets;
  row.steps = 49;
  row.weights = work.member->weights + static_cast<ptrdiff_t>(2 * pair) * row.steps * lanes;
  row.bias = work.member->bias + static_cast<ptrdiff_t>(2 * pair) * lanes;
  row.y_block = rows.block();
  row.width = side;
  row.relu = true;
  for (int y = conv_from; y < conv_end; ++y) {
    row.x = work.plane + static_cast<ptrdiff_t>(2 * y) * (work.side + 6);
    row.y = rows.at(0, y - conv_from, 0);
    k.conv_row(row);
  }
  float* pooled = rows.at(2, 0, 0);  // of both blocks, before they become one in bf16
  const Bf16Kernels* bf16 = work.machine->bf16;
  for (int y = first; y < end; ++y) {
    for (int b = 0; b < 2; ++b) {
      const float* three[3];
      for (int i = 0; i < 3; ++i) {
        const int from = 2 * y - 1 + i;
        three[i] = from >= 0 && from < side ? rows.at(b, from - conv_from, 0) : nullptr;
      }
      k.max_pool(three, side, bf16 == nullptr ? out.at(2 * pair + b, y, 0) : pooled + b * out.width * lanes, out.width);
    }
    if (bf16 != nullptr) bf16->narrow(pooled, pooled + out.width * lanes, out.at(pair, y, 0), out.width);
  }
}

}  // namespace

void zero_halo(const Map& map, int channels) {
  const auto row_bytes = static_cast<size_t>(map.row()) * sizeof(float);
  for (int b = 0; b < channels / lanes; ++b) {
    memset(map.at(b, -1, -1), 0, row_bytes);
    memset(map.at(b, map.height, -1), 0, row_bytes);
    for (int y = 0; y < map.height; ++y) {
      memset(map.at(b, y, -1), 0, lanes * sizeof(float));
      memset(map.at(b, y, map.width), 0, lanes * sizeof(float));
    }
  }
}

int strip_rows(int width, int channels) {
  return larger(1, max_strip / (width * channels));
}

Map packed_input(const Machine& machine, const Conv& conv, const Clamps& by, int from, int count, int worker) {
  const Layer& layer = *conv.layer;
  const Map map = {machine.scratch + static_cast<size_t>(worker) * machine.scratch_floats, count, conv.out.width, 0};
  const float* low = conv.member->clamp + layer.clamp;
  const float* high = low + layer.in;
  for (int b = 0; b < static_cast<int>(layer.in) / by.lanes; ++b, low += by.lanes, high += by.lanes) {
    if (layer.prologue == Prologue::clamp) {
      by.clamp(conv.in.at(b, from, 0), low, high, map.at(b, 0, 0), count * map.width);
      continue;
    }
    for (int y = 0; y < count; ++y) {
      const int row = 2 * (from + y);
      by.clamp_pool(conv.in.at(b, row, 0), conv.in.at(b, row + 1, 0), low, high, map.at(b, y, 0), map.width);
    }
  }
  return map;
}

size_t strip_floats(int width, int channels) {
  return static_cast<size_t>(larger(max_strip, width * channels));
}

void conv_row(const Machine& machine, const Conv& conv, int pair, const float* x, const int32_t* offsets, int y) {
  ConvRow row = row_of(conv, conv.in, offsets);
  set_pair(conv, pair, &row);
  row.x = x;
  row.y = conv.out.at(conv.out_block + 2 * pair, y, 0);
  machine.kernels->conv_row(row);
}

void conv_strip(const Machine& machine, const Conv& conv, int worker, const Strip& strip) {
  const Layer& layer = *conv.layer;
  const bool packs = layer.prologue != Prologue::none;
  const Kernels& k = *machine.kernels;
  const Map in = packs ? packed_input(machine, conv, {lanes, k.clamp, k.clamp_pool}, strip.from, strip.count, worker) : conv.in;
  ConvRow row = row_of(conv, in, nullptr);
  if (packs) row.x_pixel = lanes;
  const int row_from = packs ? 0 : strip.from * static_cast<int>(layer.stride);
  for (int pair = 0; pair < pairs_of(layer); ++pair) {
    set_pair(conv, pair, &row);
    for (int y = 0; y < strip.count; ++y) {
      set_ahead(conv, strip.next >= 0 ? strip.next + y : -1, pair, &row);
      row.x = in.at(0, row_from + y * (packs ? 1 : static_cast<int>(layer.stride)), 0);
      row.y = conv.out.at(conv.out_block + 2 * pair, strip.out_from + y, 0);
      machine.kernels->conv_row(row);
    }
  }
}

bool run_conv(const Machine& machine, const Conv& conv) {
  const Layer& layer = *conv.layer;
  const auto in = static_cast<int>(layer.in), kernel = static_cast<int>(layer.kernel);
  const int height = conv.out.height, width = conv.out.width;
  Work work;
  work.machine = &machine;
  work.conv = &conv;
  const int64_t weights = static_cast<int64_t>(padded(layer.out)) * in * kernel * kernel;
  work.by_pairs = kernel > 1 && weights > 131072;
  work.row_groups = kernel == 1     ? Workers::pieces(machine.workers->threads())
                    : work.by_pairs ? (height * width + 1023) / 1024
                                    : 16;
  if (work.row_groups > height) work.row_groups = height;
  for (int c = 0, at = 0; c < lanes; ++c)
    for (int y = 0; y < kernel; ++y)
      for (int x = 0; x < kernel; ++x) work.offsets[at++] = static_cast<int32_t>(y * conv.in.row() + x * lanes + c);
  return machine.workers->run(work.row_groups * (work.by_pairs ? pairs_of(layer) : 1), conv_item, &work);
}

bool run_stem(const Machine& machine, const Member& member, const float* plane, int side, const Map& out) {
  StemWork work = {&machine, &member, plane, side, &out, {}};
  for (int y = 0, at = 0; y < 7; ++y)
    for (int x = 0; x < 7; ++x) work.offsets[at++] = y * (side + 6) + x;
  return machine.workers->run(2 * ((out.height + stem_rows - 1) / stem_rows), stem_item, &work);
}

size_t stem_scratch(int side) {
  return static_cast<size_t>(2 * stem_rows + 2) * static_cast<size_t>(halved(side)) * 2 * lanes;
}

}  // namespace thorax::embed
