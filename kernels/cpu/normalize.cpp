#include "kernels/normalize.h"

#include "kernels/cpu/partial.h"
#include "kernels/cpu/plane.h"
#include "kernels/normalize_math.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

float rounded_to(float, float x) {
  return x;
}
bf16 rounded_to(bf16, float x) {
  return to_bf16(x);
}

}  // namespace

void normalize(const Stream& stream, const Tensor& x, float mean, float deviation, const Tensor& y) {
  const uint8_t* from = x.as<uint8_t>();
  with_type(y.dtype, [&]<class T>(T) {
    // A byte has 256 values: every one is worked out once.
    T value[256];
    for (int grey = 0; grey < 256; ++grey) value[grey] = rounded_to(T{}, normalized(static_cast<uint8_t>(grey), mean, deviation));
    T* to = y.as<T>();
    parallel_pieces(stream.threads, x.count(), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = value[from[i]];
    });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
