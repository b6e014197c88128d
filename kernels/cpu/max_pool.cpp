#include "kernels/max_pool.h"

#include "kernels/cpu/plane.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

using ByteVec = uint8_t __attribute__((vector_size(THORAX_BLOCK)));

void store_cells(uint8_t* p, IntVec cells) {
  const ByteVec bytes = __builtin_convertvector(cells, ByteVec);
  std::memcpy(p, &bytes, sizeof bytes);
}

IntVec load_cells(const uint8_t* p) {
  ByteVec bytes;
  std::memcpy(&bytes, p, sizeof bytes);
  return __builtin_convertvector(bytes, IntVec);
}

// One output vector: the maximum over rows x columns of the plane x. oy, ox: its place, for the numbers of the cells.
template <class T>
void pool_one(const T* x, int64_t width, const Window& w, int64_t oy, int64_t ox, Range rows, Range columns, T* y,
              uint8_t* index) {
  const auto cell_of = [&](int64_t row, int64_t column) {
    return static_cast<int32_t>((row + w.pad - oy * w.stride) * w.kernel + column + w.pad - ox * w.stride);
  };
  Vec best = load(x + (rows.first * width + columns.first) * block);
  IntVec cells = cell_of(rows.first, columns.first) - IntVec{};
  for (int64_t row = rows.first; row < rows.last; ++row) {
    for (int64_t column = columns.first; column < columns.last; ++column) {
      const Vec v = load(x + (row * width + column) * block);
      const IntVec taken = (v > best) | (v != v);
      best = taken ? v : best;
      cells = taken ? cell_of(row, column) - IntVec{} : cells;
    }
  }
  store(y, best);
  store_cells(index, cells);
}

}  // namespace

void max_pool_forward(const Stream& stream, const Slice& x, const Window& window, const Slice& y, const Tensor& index) {
  const Window w = window;
  const int64_t height = x.buffer.shape[2], width = x.buffer.shape[3];
  const int64_t out_height = y.buffer.shape[2], out_width = y.buffer.shape[3];
  with_type(x.buffer.dtype, [&]<class T>(T) {
    parallel_for(stream.threads, planes(x), [&](int64_t i) {
      const T* from = plane<T>(x, i);
      T* to = plane<T>(y, i);
      uint8_t* cells = index.as<uint8_t>() + i * out_height * out_width * block;
      for (int64_t oy = 0; oy < out_height; ++oy) {
        const Range rows = pixels_of_window(oy, height, w);
        for (int64_t ox = 0; ox < out_width; ++ox, to += block, cells += block)
          pool_one(from, width, w, oy, ox, rows, pixels_of_window(ox, width, w), to, cells);
      }
    });
  });
}

void max_pool_backward(const Stream& stream, const Slice& dy, const Tensor& index, const Window& window, const Slice& dx,
                       bool accumulate) {
  const Window w = window;
  const int64_t height = dx.buffer.shape[2], width = dx.buffer.shape[3];
  const int64_t out_height = dy.buffer.shape[2], out_width = dy.buffer.shape[3];
  with_type(dx.buffer.dtype, [&]<class T>(T) {
    parallel_for(stream.threads, planes(dx), [&](int64_t i) {
      const T* from = plane<T>(dy, i);
      const uint8_t* cells = index.as<uint8_t>() + i * out_height * out_width * block;
      T* to = plane<T>(dx, i);
      for (int64_t row = 0; row < height; ++row) {
        const Range oys = windows_of_pixel(row, out_height, w);
        for (int64_t column = 0; column < width; ++column, to += block) {
          const Range oxs = windows_of_pixel(column, out_width, w);
          Vec sum{};
          for (int64_t oy = oys.first; oy < oys.last; ++oy) {
            for (int64_t ox = oxs.first; ox < oxs.last; ++ox) {
              const auto cell = static_cast<int32_t>((row + w.pad - oy * w.stride) * w.kernel + column + w.pad - ox * w.stride);
              const int64_t at = (oy * out_width + ox) * block;
              sum += where(load_cells(cells + at) == cell - IntVec{}, load(from + at));
            }
          }
          put(to, sum, accumulate);
        }
      }
    });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
