// A residual block's pieces as the paper writes them, in double: the oracle of layers/conv2d and layers/residual.
#pragma once

#include "tests/layers/naive_dense_block.h"

namespace thorax::test {

// naive_batch_norm_relu without its ReLU.
inline Volume naive_batch_norm(const Volume& x, const Store& store, const std::string& name, bool training) {
  Volume y = x;
  const auto count = static_cast<double>(x.n * x.h * x.w);
  for (int64_t k = 0; k < x.c; ++k) {
    double mean = training ? 0 : value(store, name + ".running_mean", k);
    double variance = training ? 0 : value(store, name + ".running_var", k);
    const auto each_value = [&](const auto& f) {
      for (int64_t i = 0; i < x.n; ++i)
        for (int64_t p = 0; p < x.h * x.w; ++p) f(x.at(i, k, p / x.w, p % x.w), y.at(i, k, p / x.w, p % x.w));
    };
    if (training) each_value([&](double v, double&) { mean += v / count; });
    if (training) each_value([&](double v, double&) { variance += (v - mean) * (v - mean) / count; });
    each_value([&](double v, double& to) {
      to = value(store, name + ".weight", k) * (v - mean) / std::sqrt(variance + 1e-5F) + value(store, name + ".bias", k);
    });
  }
  return y;
}

// Every second pixel of both directions, as a convolution of stride 2 leaves them out.
inline Volume every_second(const Volume& x) {
  Volume y(x.n, x.c, (x.h - 1) / 2 + 1, (x.w - 1) / 2 + 1);
  for (int64_t i = 0; i < y.n * y.c * y.h * y.w; ++i) {
    const int64_t w = i % y.w, h = i / y.w % y.h, k = i / y.w / y.h % y.c, n = i / y.w / y.h / y.c;
    y.at(n, k, h, w) = x.at(n, k, 2 * h, 2 * w);
  }
  return y;
}

inline Volume naive_sum_relu(const Volume& a, const Volume& b) {
  Volume y = a;
  for (size_t i = 0; i < y.values.size(); ++i) {
    const double z = a.values[i] + b.values[i];
    smallest_z = std::min(smallest_z, std::abs(z));
    y.values[i] = std::max(0.0, z);
  }
  return y;
}

}  // namespace thorax::test
