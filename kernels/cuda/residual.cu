#include "kernels/residual.h"

#include "kernels/cuda/tile.cuh"
#include "kernels/residual_math.h"

namespace thorax::cuda {

namespace {

// projected: the shortcut has a batch norm of its own; else it is taken as it is.

template <bool projected, class T>
__global__ void forward_kernel(View<T> x, BatchNorm norm, View<T> shortcut, BatchNorm shortcut_norm, View<T> y, int64_t pixels,
                               int channels) {
  __shared__ TileNorm tile, shortcut_tile;
  tile.make(norm, channels);
  if constexpr (projected) shortcut_tile.make(shortcut_norm, channels);
  for_pixels(pixels, channels, [&](int64_t p, int c) {
    const Vec in = load(x.at(p, c));
    Vec v = load(shortcut.at(p, c));
#pragma unroll
    for (int i = 0; i < width; ++i) {
      if constexpr (projected) v.v[i] = shortcut_tile.line(i).z(v.v[i]);
      v.v[i] = residual_y(tile.line(i).z(in.v[i]), v.v[i]);
    }
    store(y.at(p, c), v);
  });
}

// The block's sums of dz, of dz*xhat of the branch, and where it is projected of dz*xhat of the shortcut.
template <bool projected, class T>
__global__ void sums_kernel(View<T> x, BatchNorm norm, View<T> shortcut, BatchNorm shortcut_norm, View<T> dy, View<T> y,
                            float* sums, float* shortcut_sums, int64_t pixels, int channels) {
  constexpr int count = projected ? 3 : 2;
  __shared__ TileNorm tile, shortcut_tile;
  __shared__ RowSums<count> rows;
  tile.make(norm, channels);
  if constexpr (projected) shortcut_tile.make(shortcut_norm, channels);
  const Part part(pixels);
  const int c = channel_of_thread();
  const int first = static_cast<int>(threadIdx.x) * width;
  Vec own[count] = {};
  for (int64_t p = part.first + threadIdx.y; p < part.last && c < channels; p += tile_rows) {
    const Vec in = load(x.at(p, c)), gradient = load(dy.at(p, c)), out = load(y.at(p, c));
    Vec other = {};
    if constexpr (projected) other = load(shortcut.at(p, c));
#pragma unroll
    for (int i = 0; i < width; ++i) {
      const float dz = residual_dz(out.v[i], gradient.v[i]);
      own[0].v[i] += dz;
      own[1].v[i] = fmaf(dz, in.v[i] - tile.mean[first + i], own[1].v[i]);
      if constexpr (projected) own[2].v[i] = fmaf(dz, other.v[i] - shortcut_tile.mean[first + i], own[2].v[i]);
    }
  }
  rows.add_up(own);
  const int t = thread_of_tile();
  const int channel = static_cast<int>(blockIdx.y) * tile_channels + t;
  if (t >= tile_channels || channel >= channels) return;
  const int64_t at = static_cast<int64_t>(blockIdx.x) * 2 * channels + channel;
  sums[at] = rows.total(0, t);
  sums[at + channels] = rows.total(1, t) * tile.rstd[t];
  if constexpr (projected) {
    shortcut_sums[at] = rows.total(0, t);
    shortcut_sums[at + channels] = rows.total(2, t) * shortcut_tile.rstd[t];
  }
}

// dx: left out where its data is null.
template <class T>
struct Target {
  View<T> dx;
  bool accumulate;
  const float* sum_dz;
  const float* sum_dz_xhat;
  explicit Target(const ResidualGradient& g)
      : dx(view<T>(g.dx)), accumulate(g.accumulate), sum_dz(g.sum_dz), sum_dz_xhat(g.sum_dz_xhat) {}
};

// The tile's batch norm with its corrections: the gradient of what goes in, from dz.
struct TileGradient {
  TileNorm norm;
  TileCorrection corrections;

  __device__ void make(const BatchNorm& of, const float* sum_dz, const float* sum_dz_xhat, int64_t count, int channels) {
    norm.make(of, channels);
    corrections.make(norm, sum_dz, sum_dz_xhat, count, channels);
  }
  __device__ Vec dx(const Vec& x, const Vec& dz) const {
    Vec v;
#pragma unroll
    for (int i = 0; i < width; ++i)
      v.v[i] = norm_dx(norm.line(i).a, dz.v[i], corrections.of(i), x.v[i], norm.mean[threadIdx.x * width + i]);
    return v;
  }
};

template <bool projected, class T>
__global__ void apply_kernel(View<T> x, BatchNorm norm, View<T> shortcut, BatchNorm shortcut_norm, View<T> dy, View<T> y,
                             int64_t count, Target<T> target, Target<T> shortcut_target, int64_t pixels, int channels) {
  __shared__ TileGradient tile, shortcut_tile;
  tile.make(norm, target.sum_dz, target.sum_dz_xhat, count, channels);
  if constexpr (projected)
    shortcut_tile.make(shortcut_norm, shortcut_target.sum_dz, shortcut_target.sum_dz_xhat, count, channels);
  for_pixels(pixels, channels, [&](int64_t p, int c) {
    const Vec out = load(y.at(p, c));
    Vec dz = load(dy.at(p, c));
#pragma unroll
    for (int i = 0; i < width; ++i) dz.v[i] = residual_dz(out.v[i], dz.v[i]);
    if (target.dx.data != nullptr) put(target.dx.at(p, c), tile.dx(load(x.at(p, c)), dz), target.accumulate);
    if (shortcut_target.dx.data == nullptr) return;
    if constexpr (projected) dz = shortcut_tile.dx(load(shortcut.at(p, c)), dz);
    put(shortcut_target.dx.at(p, c), dz, shortcut_target.accumulate);
  });
}

// f<projected, T>(the shortcut's batch norm, which without one is not read).
template <class F>
void with_kind(const ResidualBranch& branch, const ResidualBranch& shortcut, const F& f) {
  with_type(branch.x.buffer.dtype, [&]<class T>(T) {
    if (shortcut.norm != nullptr) {
      f.template operator()<true, T>(*shortcut.norm);
    } else {
      f.template operator()<false, T>(BatchNorm{});
    }
  });
}

}  // namespace

void residual_forward(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut, const Slice& y) {
  const int64_t pixels = y.images * y.pixels();
  with_kind(branch, shortcut, [&]<bool projected, class T>(const BatchNorm& shortcut_norm) {
    forward_kernel<projected><<<grid_for(stream, pixels, y.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(branch.x), *branch.norm, view<T>(shortcut.x), shortcut_norm, view<T>(y), pixels, static_cast<int>(y.channels));
  });
  launched("residual_forward");
}

void residual_backward_sums(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut, const Slice& dy,
                            const Slice& y, float* sums, float* shortcut_sums) {
  with_kind(branch, shortcut, [&]<bool projected, class T>(const BatchNorm& shortcut_norm) {
    sums_kernel<projected><<<grid_of_parts(y.images, y.pixels(), y.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(branch.x), *branch.norm, view<T>(shortcut.x), shortcut_norm, view<T>(dy), view<T>(y), sums, shortcut_sums,
        y.pixels(), static_cast<int>(y.channels));
  });
  launched("residual_backward_sums");
}

void residual_backward_apply(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut, const Slice& dy,
                             const Slice& y, int64_t count, const ResidualGradient& branch_gradient,
                             const ResidualGradient& shortcut_gradient) {
  const int64_t pixels = y.images * y.pixels();
  with_kind(branch, shortcut, [&]<bool projected, class T>(const BatchNorm& shortcut_norm) {
    apply_kernel<projected><<<grid_for(stream, pixels, y.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(branch.x), *branch.norm, view<T>(shortcut.x), shortcut_norm, view<T>(dy), view<T>(y), count,
        Target<T>(branch_gradient), Target<T>(shortcut_gradient), pixels, static_cast<int>(y.channels));
  });
  launched("residual_backward_apply");
}

}  // namespace thorax::cuda
