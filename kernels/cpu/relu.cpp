#include "kernels/relu.h"

#include "kernels/cpu/plane.h"

namespace thorax::cpu::THORAX_ISA {

void relu_forward(const Stream& stream, const Slice& x, const Slice& y) {
  const int64_t count = x.pixels() * block;
  with_type(x.buffer.dtype, [&]<class T>(T) {
    parallel_for(stream.threads, planes(x), [&](int64_t i) {
      const T* from = plane<T>(x, i);
      T* to = plane<T>(y, i);
      for (int64_t p = 0; p < count; p += block) {
        const Vec v = load(from + p);
        store(to + p, v <= 0.0F ? Vec{} : v);
      }
    });
  });
}

void relu_backward(const Stream& stream, const Slice& dy, const Slice& y, const Slice& dx, bool accumulate) {
  const int64_t count = dy.pixels() * block;
  with_type(dy.buffer.dtype, [&]<class T>(T) {
    parallel_for(stream.threads, planes(dy), [&](int64_t i) {
      const T* from = plane<T>(dy, i);
      const T* out = plane<T>(y, i);
      T* to = plane<T>(dx, i);
      for (int64_t p = 0; p < count; p += block) put(to + p, where(load(out + p) > 0.0F, load(from + p)), accumulate);
    });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
