// The specification: the kernels in plain C++.
#include <cstring>

#include "embed/kernels.h"
#include "embed/portable_fma.h"

namespace thorax::embed {

namespace portable {
namespace {

struct V {
  static constexpr int pixels = 2, blocks = 1;
  float at[16];
};

template <class Operation>
inline V each(Operation operation) {
  V y;
  for (int i = 0; i < 16; ++i) y.at[i] = operation(i);
  return y;
}

inline V load(const float* from) {
  V x;
  memcpy(x.at, from, sizeof x.at);
  return x;
}
inline void store(float* to, const V& x) {
  memcpy(to, x.at, sizeof x.at);
}
inline V all(float value) {
  return each([&](int) { return value; });
}
inline V fma(const V& a, const V& b, const V& c) {
  return each([&](int i) { return portable_fma(a.at[i], b.at[i], c.at[i]); });
}
inline V max(const V& a, const V& b) {
  return each([&](int i) { return a.at[i] > b.at[i] ? a.at[i] : b.at[i]; });
}
inline V min(const V& a, const V& b) {
  return each([&](int i) { return a.at[i] < b.at[i] ? a.at[i] : b.at[i]; });
}
inline V add(const V& a, const V& b) {
  return each([&](int i) { return a.at[i] + b.at[i]; });
}
inline V scaled(const V& a, const V& b) {
  return each([&](int i) { return a.at[i] * b.at[i]; });
}

#include "embed/kernel_body.h"

}  // namespace
}  // namespace portable

extern const Kernels portable_kernels = {"portable",         portable::conv_row, portable::clamp,       portable::clamp_pool,
                                         portable::max_pool, portable::sum,      portable::winograd_in, portable::winograd_out};

}  // namespace thorax::embed
