#include "embed/winograd.h"

namespace thorax::embed {

namespace {

constexpr int max_group = 8;  // rows of tiles

// G g G^T of 16 filters, in double, rounded once. filters: [9][16]; to: [36] of 16 floats each, `point` floats apart.
void transform_filters(const float* filters, float* to, ptrdiff_t point) {
  constexpr double g[winograd_rows][3] = {{1.0 / 4, 0, 0},
                                          {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                          {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                          {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                          {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                          {0, 0, 1}};
  double half[winograd_rows][3][lanes];
  for (int i = 0; i < winograd_rows; ++i) {
    for (int x = 0; x < 3; ++x) {
      const float *above = filters + x * lanes, *middle = above + 3 * lanes, *below = middle + 3 * lanes;
      for (int lane = 0; lane < lanes; ++lane)
        half[i][x][lane] = g[i][0] * static_cast<double>(above[lane]) + g[i][1] * static_cast<double>(middle[lane]) +
                           g[i][2] * static_cast<double>(below[lane]);
    }
  }
  for (int p = 0; p < winograd_points; ++p) {
    const double(&h)[3][lanes] = half[p / winograd_rows];
    const double* w = g[p % winograd_rows];
    for (int lane = 0; lane < lanes; ++lane)
      to[p * point + lane] = static_cast<float>(h[0][lane] * w[0] + h[1][lane] * w[1] + h[2][lane] * w[2]);
  }
}

ptrdiff_t point_floats(const Layer& layer) {
  return static_cast<ptrdiff_t>(padded(layer.out)) * static_cast<ptrdiff_t>(layer.in);
}

struct TransformWork {
  const Member* member;
  float* all;
};

void transform_layer(void* context, int item, int) {
  const auto& work = *static_cast<const TransformWork*>(context);
  const Layer& layer = work.member->table.layers[item];
  if (!has_winograd(layer)) return;
  const float* from = work.member->weights + layer.weights;
  float* to = work.all + winograd_offset(work.member->table, &layer);
  const ptrdiff_t point = point_floats(layer);
  for (ptrdiff_t i = 0; i < point / lanes; ++i) transform_filters(from + i * 9 * lanes, to + i * lanes, point);
}

// Of a group: tiles x channels stay small enough for a second-level cache.
int max_tiles(const Layer& layer) {
  return smaller(32, 8192 / static_cast<int>(layer.in));
}

struct WinogradWork {
  const Machine* machine;
  const Conv* conv;
  const float* weights;
  int tile_rows, groups, parts;  // groups of rows of tiles, their outputs in parts where there are fewer groups than threads
};

void item_of_map(void* context, int item, int worker) {
  const auto& work = *static_cast<const WinogradWork*>(context);
  const Conv& conv = *work.conv;
  const Machine& m = *work.machine;
  const Rows tile_rows(work.tile_rows, item % work.groups, work.groups);
  const int pairs = pairs_of(*conv.layer);
  const Rows part(pairs, item / work.groups, work.parts);
  TileRow group[max_group];
  for (int t = tile_rows.first; t < tile_rows.end; ++t) {
    TileRow& row = group[t - tile_rows.first];
    row.y = t * winograd_tile;
    for (int i = 0; i < winograd_rows; ++i) row.rows[i] = conv.in.at(0, smaller(row.y - 1 + i, conv.in.height), -1);
  }
  winograd_group(m, conv, work.weights, m.scratch + static_cast<size_t>(worker) * m.scratch_floats, group,
                 tile_rows.end - tile_rows.first, part.first, part.end);
}

// Odd numbers of cache lines keep the 36 points out of each other's way.
ptrdiff_t spread(int blocks, int tiles) {
  return static_cast<ptrdiff_t>(blocks) * tiles * lanes + lanes;
}

}  // namespace

int winograd_tiles(int width) {
  return (width + winograd_tile - 1) / winograd_tile;
}

size_t winograd_offset(const Table& table, const Layer* layer) {
  size_t at = 0;
  for (const Layer* l = table.layers; l < layer; ++l)
    if (has_winograd(*l)) at += winograd_points * static_cast<size_t>(point_floats(*l));
  return at;
}

size_t winograd_floats(const Table& table) {
  return winograd_offset(table, table.layers + table.count);
}

void transform_weights(Workers* workers, const Member& member, float* all) {
  TransformWork work = {&member, all};
  workers->run(member.table.count, transform_layer, &work);
}

size_t winograd_scratch(const Layer& layer, int tiles) {
  return winograd_points * static_cast<size_t>(spread(static_cast<int>(layer.in) / lanes, tiles) + spread(2, tiles));
}

void winograd_group(const Machine& machine, const Conv& conv, const float* weights, float* scratch, const TileRow* group,
                    int count, int pair_from, int pair_end) {
  static const float no_bias[2 * lanes] = {};
  const Layer& layer = *conv.layer;
  const Kernels& k = *machine.kernels;
  const int blocks = static_cast<int>(layer.in) / lanes, across = winograd_tiles(conv.out.width), tiles = count * across;
  const ptrdiff_t in_point = spread(blocks, tiles), out_point = spread(2, tiles);
  float* out = scratch + winograd_points * in_point;
  for (int g = 0; g < count; ++g) {
    for (int b = 0; b < blocks; ++b) {
      const float* rows[winograd_rows];
      for (int i = 0; i < winograd_rows; ++i) rows[i] = group[g].rows[i] + b * conv.in.block();
      k.winograd_in(rows, conv.in.width + 2, across, scratch + (static_cast<ptrdiff_t>(b) * tiles + g * across) * lanes,
                    in_point);
    }
  }
  ConvRow row = {};
  row.x_block = static_cast<ptrdiff_t>(tiles) * lanes;
  row.x_pixel = lanes;
  row.blocks = blocks;
  row.steps = lanes;
  row.bias = no_bias;
  row.y_block = row.x_block;
  row.width = tiles;
  for (int pair = pair_from; pair < pair_end; ++pair) {
    for (int p = 0; p < winograd_points; ++p) {
      row.x = scratch + p * in_point;
      row.y = out + p * out_point;
      row.weights =
          weights + p * point_floats(layer) + static_cast<ptrdiff_t>(2 * pair) * static_cast<ptrdiff_t>(layer.in) * lanes;
      k.conv_row(row);
    }
    for (int b = 0; b < 2; ++b) {
      for (int g = 0; g < count; ++g) {
        const WinogradOut to = {conv.bias + (2 * pair + b) * lanes,
                                conv.out.at(conv.out_block + 2 * pair + b, group[g].y, 0),
                                conv.out.row(),
                                conv.out.width,
                                smaller(winograd_tile, conv.out.height - group[g].y),
                                conv.add,
                                conv.relu};
        k.winograd_out(out + (static_cast<ptrdiff_t>(b) * tiles + g * across) * lanes, out_point, to);
      }
    }
  }
}

size_t run_winograd_scratch(const Layer& layer, int side) {
  const int across = winograd_tiles(side), most = max_tiles(layer);
  return winograd_scratch(layer, across > most ? across : most);
}

bool run_winograd(const Machine& machine, const Conv& conv, const float* weights) {
  WinogradWork work = {&machine, &conv, weights, 0, 0, 0};
  work.tile_rows = winograd_tiles(conv.out.height);
  const int fit = max_tiles(*conv.layer) / winograd_tiles(conv.out.width), per_group = fit < 1 ? 1 : smaller(fit, max_group);
  work.groups = (work.tile_rows + per_group - 1) / per_group;
  const int pieces = Workers::pieces(machine.workers->threads()), pairs = pairs_of(*conv.layer);
  work.parts = smaller(pairs, (pieces + work.groups - 1) / work.groups);
  return machine.workers->run(work.groups * work.parts, item_of_map, &work);
}

}  // namespace thorax::embed
