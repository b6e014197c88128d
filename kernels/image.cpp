#include "kernels/image.h"

#include <array>
#include <cstddef>
#include <vector>

#include "kernels/image_math.h"

namespace thorax {

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
  for (int64_t y = 0; y < out_h; ++y) {
    const math::Tap row = math::tap(y, h, out_h);
    const uint8_t* above = in + row.low * w;
    const uint8_t* below = in + row.high * w;
    for (int64_t x = 0; x < out_w; ++x) {
      const math::Tap& t = columns[static_cast<std::size_t>(x)];
      const float top = math::mix(above[t.low], above[t.high], t.weight);
      const float bottom = math::mix(below[t.low], below[t.high], t.weight);
      out[y * out_w + x] = math::to_byte(math::mix(top, bottom, row.weight));
    }
  }
}

}  // namespace thorax
