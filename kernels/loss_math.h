// The arithmetic of one element of the losses, in double, shared by every device.
#pragma once

#include <cmath>

#ifdef __CUDACC__
#define THORAX_EVERYWHERE __host__ __device__
#else
#define THORAX_EVERYWHERE
#endif

namespace thorax::math {

THORAX_EVERYWHERE inline double sigmoid(double x) { return x >= 0 ? 1.0 / (1.0 + std::exp(-x)) : std::exp(x) / (1.0 + std::exp(x)); }

// ln(1 + exp(x)) without overflow.
THORAX_EVERYWHERE inline double softplus(double x) { return (x > 0 ? x : 0.0) + std::log1p(std::exp(x > 0 ? -x : x)); }

struct ElementLoss {
  double value;
  double gradient;  // with respect to the logit z
};

// weight * softplus(-(z - v)) for a positive; weight/lambda * softplus(lambda (z - v)) for a negative: equations 8 and 10 of the
// Distribution-Balanced loss (Wu et al., ECCV 2020). v = 0, lambda = 1, weight = 1 is the binary cross-entropy.
THORAX_EVERYWHERE inline ElementLoss balanced(double z, bool positive, double weight, double v, double lambda) {
  if (positive) return {weight * softplus(v - z), -weight * sigmoid(v - z)};
  return {weight / lambda * softplus(lambda * (z - v)), weight * sigmoid(lambda * (z - v))};
}

}  // namespace thorax::math
