#include "kernels/image.h"

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "kernels/image_math.h"

namespace thorax {

namespace {

// One input row at the output's columns, in units of 1 / (2 out_w).
void resize_row(const uint8_t* in, const std::vector<math::Tap>& columns, int64_t unit, std::vector<int32_t>& out) {
  for (std::size_t x = 0; x < columns.size(); ++x) {
    const math::Tap& t = columns[x];
    out[x] = static_cast<int32_t>(in[t.low] * (unit - t.weight) + in[t.high] * t.weight);
  }
}

}  // namespace

void equalize_histogram(const uint8_t* in, uint8_t* out, int64_t count) {
  std::array<int64_t, 256> histogram{};
  for (int64_t i = 0; i < count; ++i) ++histogram[in[i]];
  std::array<uint8_t, 256> table{};
  if (count > 0) math::equalize_table(histogram.data(), count, table.data());
  for (int64_t i = 0; i < count; ++i) out[i] = table[in[i]];
}

void resize_bilinear(const uint8_t* in, int64_t h, int64_t w, uint8_t* out, int64_t out_h, int64_t out_w) {
  std::vector<math::Tap> columns;
  columns.reserve(static_cast<std::size_t>(out_w));
  for (int64_t x = 0; x < out_w; ++x) columns.push_back(math::tap(x, w, out_w));
  std::vector<int32_t> above(columns.size());
  std::vector<int32_t> below(columns.size());
  const double denominator = 4.0 * static_cast<double>(out_h) * static_cast<double>(out_w);
  const double inverse = 1.0 / denominator;
  math::Tap before{-1, -1, 0};
  for (int64_t y = 0; y < out_h; ++y) {
    const math::Tap row = math::tap(y, h, out_h);
    if (row.low == before.high && before.high != before.low)
      std::swap(above, below);
    else if (row.low != before.low)
      resize_row(in + row.low * w, columns, 2 * out_w, above);
    if (row.low != before.low || row.high != before.high) resize_row(in + row.high * w, columns, 2 * out_w, below);
    before = row;
    const auto weight_below = static_cast<double>(row.weight);
    const double weight_above = static_cast<double>(2 * out_h) - weight_below;
    for (std::size_t x = 0; x < columns.size(); ++x) {
      const double numerator = above[x] * weight_above + below[x] * weight_below;
      out[y * out_w + static_cast<int64_t>(x)] = math::byte_quotient(numerator, denominator, inverse);
    }
  }
}

}  // namespace thorax
