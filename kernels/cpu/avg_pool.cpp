#include "kernels/avg_pool.h"

#include "kernels/cpu/plane.h"

namespace thorax::cpu::THORAX_ISA {

void avg_pool_forward(const Stream& stream, const Slice& x, const Window& window, const Slice& y) {
  const Window w = window;
  const int64_t width = x.buffer.shape[3], out_height = y.buffer.shape[2], out_width = y.buffer.shape[3];
  const float share = 1.0F / static_cast<float>(w.kernel * w.kernel);
  with_type(x.buffer.dtype, [&]<class T>(T) {
    parallel_for(stream.threads, planes(x), [&](int64_t i) {
      const T* from = plane<T>(x, i);
      T* to = plane<T>(y, i);
      for (int64_t oy = 0; oy < out_height; ++oy) {
        for (int64_t ox = 0; ox < out_width; ++ox, to += block) {
          Vec sum{};
          for (int64_t row = oy * w.stride; row < oy * w.stride + w.kernel; ++row)
            for (int64_t column = ox * w.stride; column < ox * w.stride + w.kernel; ++column)
              sum += load(from + (row * width + column) * block);
          store(to, sum * share);
        }
      }
    });
  });
}

void avg_pool_backward(const Stream& stream, const Slice& dy, const Window& window, const Slice& dx, bool accumulate) {
  const Window w = window;
  const int64_t height = dx.buffer.shape[2], width = dx.buffer.shape[3];
  const int64_t out_height = dy.buffer.shape[2], out_width = dy.buffer.shape[3];
  const float share = 1.0F / static_cast<float>(w.kernel * w.kernel);
  with_type(dx.buffer.dtype, [&]<class T>(T) {
    parallel_for(stream.threads, planes(dx), [&](int64_t i) {
      const T* from = plane<T>(dy, i);
      T* to = plane<T>(dx, i);
      for (int64_t row = 0; row < height; ++row) {
        const Range oys = windows_of_pixel(row, out_height, w);
        for (int64_t column = 0; column < width; ++column, to += block) {
          const Range oxs = windows_of_pixel(column, out_width, w);
          Vec sum{};
          for (int64_t oy = oys.first; oy < oys.last; ++oy)
            for (int64_t ox = oxs.first; ox < oxs.last; ++ox) sum += load(from + (oy * out_width + ox) * block);
          put(to, sum * share, accumulate);
        }
      }
    });
  });
}

void global_avg_pool_forward(const Stream& stream, const Slice& x, const Tensor& y) {
  const int64_t pixels = x.pixels();
  with_type(x.buffer.dtype, [&]<class T>(T) {
    parallel_for(stream.threads, planes(x), [&](int64_t i) {
      const T* from = plane<T>(x, i);
      DoubleVec sum{};
      for (int64_t p = 0; p < pixels; ++p) sum += __builtin_convertvector(load(from + p * block), DoubleVec);
      store(y.as<float>() + i * block, __builtin_convertvector(sum / static_cast<double>(pixels), Vec));
    });
  });
}

void global_avg_pool_backward(const Stream& stream, const Tensor& dy, const Slice& dx, bool accumulate) {
  const int64_t pixels = dx.pixels();
  with_type(dx.buffer.dtype, [&]<class T>(T) {
    parallel_for(stream.threads, planes(dx), [&](int64_t i) {
      const Vec share = load(dy.as<float>() + i * block) / static_cast<float>(pixels);
      T* to = plane<T>(dx, i);
      for (int64_t p = 0; p < pixels; ++p) put(to + p * block, share, accumulate);
    });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
