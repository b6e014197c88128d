#include "kernels/add.h"

#include "kernels/cpu/batch_norm_math.h"
#include "kernels/cpu/types.h"

namespace thorax::cpu::THORAX_ISA {

void add_forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y, bool relu) {
  const int64_t pixels = y.pixels();
  const Vec floor = relu ? Vec{} : broadcast(-HUGE_VALF);
  with_type(y.buffer.dtype, [&](auto type) {
    using T = decltype(type);
    for_blocks(stream, y, [&](int64_t n, int64_t c) {
      const T* pa = a.at<T>(n) + c * pixels;
      const T* pb = b.at<T>(n) + c * pixels;
      T* py = y.at<T>(n) + c * pixels;
      for (int64_t i = 0; i < pixels; ++i) store(py + i * block, max(load(pa + i * block) + load(pb + i * block), floor));
    });
  });
}

void relu_backward(const Stream& stream, const Slice& y, const Slice& dy, const Slice& dx, bool accumulate) {
  const int64_t pixels = y.pixels();
  with_type(y.buffer.dtype, [&](auto type) {
    using T = decltype(type);
    for_blocks(stream, y, [&](int64_t n, int64_t c) {
      const T* py = y.at<T>(n) + c * pixels;
      const T* pdy = dy.at<T>(n) + c * pixels;
      T* pdx = dx.at<T>(n) + c * pixels;
      for (int64_t i = 0; i < pixels; ++i) {
        const Vec gradient = where(load(py + i * block) > Vec{}, load(pdy + i * block));
        store(pdx + i * block, accumulate ? load(pdx + i * block) + gradient : gradient);
      }
    });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
