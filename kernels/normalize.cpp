#include "kernels/normalize.h"

#include <array>

#include "kernels/parallel.h"

namespace thorax {

namespace {

// There are 256 possible inputs: a table, so that every dtype and device rounds the same way.
template <class T, class Round>
void look_up(const Stream& stream, const Tensor& x, float mean, float std, const Tensor& y, const Round& round) {
  std::array<T, 256> table;
  const auto scale = static_cast<float>(1.0 / (255.0 * static_cast<double>(std)));
  const auto shift = static_cast<float>(-static_cast<double>(mean) / static_cast<double>(std));
  for (size_t i = 0; i < table.size(); ++i) table[i] = round(static_cast<float>(i) * scale + shift);
  const int64_t plane = x.shape[1] * x.shape[2] * x.shape[3];
  side_by_side(stream.threads, x.shape[0], [&](int, int64_t n, bool) {
    const uint8_t* from = x.as<uint8_t>() + n * plane;
    T* to = y.as<T>() + n * plane;
    for (int64_t i = 0; i < plane; ++i) to[i] = table[from[i]];
  });
}

}  // namespace

void normalize_forward(const Stream& stream, const Tensor& x, float mean, float std, const Tensor& y) {
  if (!(x.shape == y.shape)) throw Error(Fault::defect, str("normalize_forward: ", x.shape, " and ", y.shape, " differ"));
  if (y.dtype == DType::bf16) return look_up<bf16>(stream, x, mean, std, y, [](float v) { return to_bf16(v); });
  look_up<float>(stream, x, mean, std, y, [](float v) { return v; });
}

}  // namespace thorax
