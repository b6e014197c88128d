#include "kernels/layout.h"

#include "kernels/isa.h"

namespace thorax {

namespace {

// f(index in plain, index in blocked) for every element.
template <class F>
void for_elements(const Tensor& plain, const Tensor& blocked, const F& f) {
  const Shape s = plain.shape;
  const int64_t b = channel_block();
  if (!(s == blocked.shape) || blocked.layout != Layout::blocked || plain.layout != Layout::plain || s[1] % b != 0) {
    throw Error(Fault::defect, str("layout: plain ", s, " and blocked ", blocked.shape, " with whole blocks of ", b, " channels are expected"));
  }
  const int64_t pixels = s[2] * s[3];
  for (int64_t n = 0; n < s[0]; ++n) {
    for (int64_t c = 0; c < s[1]; ++c) {
      for (int64_t p = 0; p < pixels; ++p) f((n * s[1] + c) * pixels + p, ((n * s[1] + c / b * b) * pixels + p * b) + c % b);
    }
  }
}

}  // namespace

void to_blocked(const Tensor& plain, const Tensor& blocked) {
  const auto* from = plain.as<float>();
  if (blocked.dtype == DType::bf16) {
    for_elements(plain, blocked, [&](int64_t i, int64_t j) { blocked.as<bf16>()[j] = to_bf16(from[i]); });
  } else {
    for_elements(plain, blocked, [&](int64_t i, int64_t j) { blocked.as<float>()[j] = from[i]; });
  }
}

void to_plain(const Tensor& blocked, const Tensor& plain) {
  auto* to = plain.as<float>();
  if (blocked.dtype == DType::bf16) {
    for_elements(plain, blocked, [&](int64_t i, int64_t j) { to[i] = to_float(blocked.as<bf16>()[j]); });
  } else {
    for_elements(plain, blocked, [&](int64_t i, int64_t j) { to[i] = blocked.as<float>()[j]; });
  }
}

}  // namespace thorax
