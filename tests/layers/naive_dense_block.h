// A dense block as the paper writes it, in double, with concatenation: the oracle of layers/dense_block.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tensor/store.h"

namespace thorax::test {

// [N,C,H,W], plain.
struct Volume {
  int64_t n, c, h, w;
  std::vector<double> values;
  Volume(int64_t images, int64_t channels, int64_t height, int64_t width)
      : n(images), c(channels), h(height), w(width), values(static_cast<size_t>(images * channels * height * width)) {}
  double& at(int64_t i, int64_t k, int64_t y, int64_t x) { return values[static_cast<size_t>(((i * c + k) * h + y) * w + x)]; }
  double at(int64_t i, int64_t k, int64_t y, int64_t x) const { return values[static_cast<size_t>(((i * c + k) * h + y) * w + x)]; }
};

inline double value(const Store& store, const std::string& name, int64_t i) { return static_cast<double>(store.find(name).as<float>()[i]); }

// The smallest |z| that a ReLU has seen: where rounding alone could flip one, gradients differ and prove nothing.
inline double smallest_z = 1;

// training: batch statistics, else the running ones.
inline Volume naive_batch_norm_relu(const Volume& x, const Store& store, const std::string& name, bool training) {
  Volume y = x;
  const auto count = static_cast<double>(x.n * x.h * x.w);
  for (int64_t k = 0; k < x.c; ++k) {
    double mean = value(store, name + ".running_mean", k);
    double variance = value(store, name + ".running_var", k);
    if (training) {
      double sum = 0, squares = 0;
      for (int64_t i = 0; i < x.n; ++i)
        for (int64_t p = 0; p < x.h * x.w; ++p) sum += x.at(i, k, p / x.w, p % x.w);
      mean = sum / count;
      for (int64_t i = 0; i < x.n; ++i)
        for (int64_t p = 0; p < x.h * x.w; ++p) squares += std::pow(x.at(i, k, p / x.w, p % x.w) - mean, 2);
      variance = squares / count;
    }
    for (int64_t i = 0; i < x.n; ++i) {
      for (int64_t p = 0; p < x.h * x.w; ++p) {
        const double xhat = (x.at(i, k, p / x.w, p % x.w) - mean) / std::sqrt(variance + 1e-5F);
        const double z = value(store, name + ".weight", k) * xhat + value(store, name + ".bias", k);
        smallest_z = std::min(smallest_z, std::abs(z));
        y.at(i, k, p / x.w, p % x.w) = std::max(0.0, z);
      }
    }
  }
  return y;
}

inline Volume naive_conv(const Volume& x, const Store& store, const std::string& name) {
  const Tensor filter = store.find(name + ".weight");
  const int64_t kernel = filter.shape[2], pad = kernel / 2;
  Volume y(x.n, filter.shape[0], x.h, x.w);
  for (int64_t i = 0; i < x.n; ++i)
    for (int64_t o = 0; o < y.c; ++o)
      for (int64_t h = 0; h < x.h; ++h)
        for (int64_t w = 0; w < x.w; ++w) {
          double sum = 0;
          for (int64_t c = 0; c < x.c; ++c)
            for (int64_t a = std::max<int64_t>(0, pad - h); a < std::min(kernel, x.h + pad - h); ++a)
              for (int64_t b = std::max<int64_t>(0, pad - w); b < std::min(kernel, x.w + pad - w); ++b)
                sum += x.at(i, c, h + a - pad, w + b - pad) * static_cast<double>(filter.as<float>()[((o * x.c + c) * kernel + a) * kernel + b]);
          y.at(i, o, h, w) = sum;
        }
  return y;
}

inline Volume naive_dense_block(Volume x, const Store& store, const std::string& name, int64_t layers, bool training) {
  for (int64_t l = 1; l <= layers; ++l) {
    const std::string layer = name + ".denselayer" + std::to_string(l);
    Volume fresh = naive_conv(naive_batch_norm_relu(x, store, layer + ".norm1", training), store, layer + ".conv1");
    fresh = naive_conv(naive_batch_norm_relu(fresh, store, layer + ".norm2", training), store, layer + ".conv2");
    Volume joined(x.n, x.c + fresh.c, x.h, x.w);
    for (int64_t i = 0; i < x.n; ++i)
      for (int64_t k = 0; k < joined.c; ++k)
        for (int64_t p = 0; p < x.h * x.w; ++p)
          joined.at(i, k, p / x.w, p % x.w) = k < x.c ? x.at(i, k, p / x.w, p % x.w) : fresh.at(i, k - x.c, p / x.w, p % x.w);
    x = joined;
  }
  return x;
}

}  // namespace thorax::test
