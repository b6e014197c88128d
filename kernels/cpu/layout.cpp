#include "kernels/layout.h"

#include "kernels/cpu/plane.h"

namespace thorax::cpu::THORAX_ISA {

void plain_to_blocked(const Stream& stream, const Tensor& x, const Slice& y) {
  const int64_t pixels = y.pixels();
  const float* from = x.as<float>();
  with_type(y.buffer.dtype, [&]<class T>(T) {
    // Plane i of the blocked layout is the block of channels that begins at i * block * pixels in the plain one.
    parallel_for(stream.threads, planes(y), [&](int64_t i) {
      T* to = plane<T>(y, i);
      for (int64_t p = 0; p < pixels; ++p) {
        Vec v;
        for (int64_t c = 0; c < block; ++c) v[c] = from[(i * block + c) * pixels + p];
        store(to + p * block, v);
      }
    });
  });
}

void blocked_to_plain(const Stream& stream, const Slice& x, const Tensor& y) {
  const int64_t pixels = x.pixels();
  float* to = y.as<float>();
  with_type(x.buffer.dtype, [&]<class T>(T) {
    parallel_for(stream.threads, planes(x), [&](int64_t i) {
      const T* from = plane<T>(x, i);
      for (int64_t p = 0; p < pixels; ++p) {
        const Vec v = load(from + p * block);
        for (int64_t c = 0; c < block; ++c) to[(i * block + c) * pixels + p] = v[c];
      }
    });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
