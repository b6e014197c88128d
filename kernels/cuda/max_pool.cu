#include "kernels/max_pool.h"

#include "kernels/cuda/device.cuh"
#include "kernels/pixel_math.h"

namespace thorax::cuda {

namespace {

// A map's sides, and the pooled map's.
struct Sides {
  uint32_t height, width, out_height, out_width;
  Sides(const Slice& large, const Slice& small)
      : height(static_cast<uint32_t>(large.buffer.shape[2])),
        width(static_cast<uint32_t>(large.buffer.shape[3])),
        out_height(static_cast<uint32_t>(small.buffer.shape[2])),
        out_width(static_cast<uint32_t>(small.buffer.shape[3])) {}
};

// Eight cells in eight bytes.
__device__ void store_cells(uint8_t* p, const int (&cells)[width]) {
  uint2 words = make_uint2(0, 0);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    words.x |= static_cast<unsigned>(cells[i]) << (8 * i);
    words.y |= static_cast<unsigned>(cells[i + 4]) << (8 * i);
  }
  *reinterpret_cast<uint2*>(p) = words;
}
__device__ int cell(uint2 words, int i) {
  return static_cast<int>(((i < 4 ? words.x : words.y) >> (8 * (i % 4))) & 255U);
}

// index: packed [pixel, channels].
template <class T>
__global__ void max_pool_kernel(View<T> x, Window w, View<T> y, uint8_t* index, Sides s, int64_t pooled, int channels) {
  for_pixels(pooled, channels, [&](int64_t p, int c) {
    const Pixel at = pixel_of(static_cast<uint32_t>(p), s.out_height, s.out_width);
    const Range rows = pixels_of_window(at.row, s.height, w), columns = pixels_of_window(at.column, s.width, w);
    const int64_t image = static_cast<int64_t>(at.image) * s.height * s.width;
    const auto cell_of = [&](int64_t row, int64_t column) {
      return static_cast<int>((row + w.pad - at.row * w.stride) * w.kernel + column + w.pad - at.column * w.stride);
    };
    Vec best = load(x.at(image + rows.first * s.width + columns.first, c));
    int cells[width];
#pragma unroll
    for (int i = 0; i < width; ++i) cells[i] = cell_of(rows.first, columns.first);
    for (int64_t row = rows.first; row < rows.last; ++row) {
      for (int64_t column = columns.first; column < columns.last; ++column) {
        const Vec v = load(x.at(image + row * s.width + column, c));
        const int here = cell_of(row, column);
#pragma unroll
        for (int i = 0; i < width; ++i) {
          const bool taken = v.v[i] > best.v[i] || v.v[i] != v.v[i];
          best.v[i] = taken ? v.v[i] : best.v[i];
          cells[i] = taken ? here : cells[i];
        }
      }
    }
    store(y.at(p, c), best);
    store_cells(index + p * channels + c, cells);
  });
}

template <class T>
__global__ void max_pool_backward_kernel(View<T> dy, const uint8_t* index, Window w, View<T> dx, bool accumulate, Sides s,
                                         int64_t pixels, int channels) {
  for_pixels(pixels, channels, [&](int64_t p, int c) {
    const Pixel at = pixel_of(static_cast<uint32_t>(p), s.height, s.width);
    const Range oys = windows_of_pixel(at.row, s.out_height, w), oxs = windows_of_pixel(at.column, s.out_width, w);
    const int64_t image = static_cast<int64_t>(at.image) * s.out_height * s.out_width;
    Vec sum = {};
    for (int64_t oy = oys.first; oy < oys.last; ++oy) {
      for (int64_t ox = oxs.first; ox < oxs.last; ++ox) {
        const int here = static_cast<int>((at.row + w.pad - oy * w.stride) * w.kernel + at.column + w.pad - ox * w.stride);
        const int64_t from = image + oy * s.out_width + ox;
        const uint2 cells = *reinterpret_cast<const uint2*>(index + from * channels + c);
        const Vec gradient = load(dy.at(from, c));
#pragma unroll
        for (int i = 0; i < width; ++i) sum.v[i] += cell(cells, i) == here ? gradient.v[i] : 0.0F;
      }
    }
    put(dx.at(p, c), sum, accumulate);
  });
}

}  // namespace

void max_pool_forward(const Stream& stream, const Slice& x, const Window& window, const Slice& y, const Tensor& index) {
  const int64_t pooled = y.images * y.pixels();
  with_type(x.buffer.dtype, [&]<class T>(T) {
    max_pool_kernel<<<grid_for(stream, pooled, y.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(x), window, view<T>(y), index.as<uint8_t>(), Sides(x, y), pooled, static_cast<int>(y.channels));
  });
  launched("max_pool_forward");
}

void max_pool_backward(const Stream& stream, const Slice& dy, const Tensor& index, const Window& window, const Slice& dx,
                       bool accumulate) {
  const int64_t pixels = dx.images * dx.pixels();
  with_type(dx.buffer.dtype, [&]<class T>(T) {
    max_pool_backward_kernel<<<grid_for(stream, pixels, dx.channels), block_of_tile(), 0, queue_of(stream)>>>(
        view<T>(dy), index.as<uint8_t>(), window, view<T>(dx), accumulate, Sides(dx, dy), pixels, static_cast<int>(dx.channels));
  });
  launched("max_pool_backward");
}

}  // namespace thorax::cuda
