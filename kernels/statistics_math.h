// The arithmetic of a channel's mean and variance, in double.
#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace thorax {

// Count, mean and M2 (the sum of squared deviations) of some pixels.
struct Moments {
  double count = 0;
  double mean = 0;
  double m2 = 0;
};

// Those of both together (Chan, Golub & LeVeque 1983). b is not empty.
THORAX_HD inline Moments merged(const Moments& a, const Moments& b) {
  const double count = a.count + b.count;
  const double delta = b.mean - a.mean;
  const double share = b.count / count;
  return {count, a.mean + delta * share, a.m2 + b.m2 + delta * delta * (a.count * share)};
}

// One running value after a batch: by momentum towards factor * batch.
THORAX_HD inline float moved(float running, float batch, double momentum, double factor) {
  return static_cast<float>((1.0 - momentum) * static_cast<double>(running) + momentum * factor * static_cast<double>(batch));
}

// What the biased variance of count pixels is multiplied with to be unbiased.
THORAX_HD inline double unbiasing(int64_t count) {
  return count > 1 ? static_cast<double>(count) / static_cast<double>(count - 1) : 1.0;
}

}  // namespace thorax
