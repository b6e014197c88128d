// The naive variants' arithmetic, for both devices: read(n, c, h, w) gives an element of x.
#pragma once

#include <cmath>

#include "kernels/batch_norm.h"
#include "kernels/host_device.h"
#include "kernels/window.h"

namespace thorax::bench::naive {

THORAX_HD inline float normalized(const BatchNorm& norm, int64_t c, float x) {
  const float z = norm.gamma[c] * (x - norm.mean[c]) / std::sqrt(norm.variance[c] + norm.eps) + norm.beta[c];
  return z > 0 ? z : 0;
}

// Two passes over a channel: its mean, then the squares around it.
template <class Read>
THORAX_HD inline void moments(const Read& read, int64_t images, int64_t c, int64_t height, int64_t width, float* mean,
                              float* variance) {
  const auto count = static_cast<double>(images * height * width);
  double sum = 0, squares = 0;
  for (int64_t n = 0; n < images; ++n)
    for (int64_t h = 0; h < height; ++h)
      for (int64_t w = 0; w < width; ++w) sum += static_cast<double>(read(n, c, h, w));
  const double m = sum / count;
  for (int64_t n = 0; n < images; ++n) {
    for (int64_t h = 0; h < height; ++h) {
      for (int64_t w = 0; w < width; ++w) {
        const double d = static_cast<double>(read(n, c, h, w)) - m;
        squares += d * d;
      }
    }
  }
  mean[c] = static_cast<float>(m);
  variance[c] = static_cast<float>(squares / count);
}

struct Size {
  int64_t height, width;
};

template <class Read>
THORAX_HD inline float pooled(const Read& read, const Window& window, const Size& in, int64_t n, int64_t c, int64_t h, int64_t w,
                              bool largest) {
  const Range rows = pixels_of_window(h, in.height, window), columns = pixels_of_window(w, in.width, window);
  float best = -INFINITY, sum = 0;
  for (int64_t i = rows.first; i < rows.last; ++i) {
    for (int64_t j = columns.first; j < columns.last; ++j) {
      const float v = read(n, c, i, j);
      sum += v;
      best = v > best ? v : best;
    }
  }
  return largest ? best : sum / static_cast<float>(window.kernel * window.kernel);
}

}  // namespace thorax::bench::naive
