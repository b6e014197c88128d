// How the parameters of a layer are made: torchvision's names, shapes, order and distributions.
#pragma once

#include <string>
#include <vector>

#include "tensor/graph.h"

namespace thorax {

// A batch norm's five tensors, each [channels] but the last, a scalar. gamma and beta are "weight" and "bias" in files.
struct BatchNormValues {
  Value gamma, beta, running_mean, running_var, num_batches_tracked;
  void append_to(std::vector<Value>& inputs) const {
    inputs.insert(inputs.end(), {gamma, beta, running_mean, running_var, num_batches_tracked});
  }
};

inline constexpr float batch_norm_eps = 1e-5F;
inline constexpr float batch_norm_momentum = 0.1F;

// gamma 1, beta 0, running_mean 0, running_var 1, num_batches_tracked 0.
BatchNormValues batch_norm_values(Graph& g, const std::string& name, int64_t channels);

// name.weight: [out,in,k,k], normal with standard deviation sqrt(2 / fan): fan_in = in*k*k (DenseNet) or fan_out = out*k*k
// (ResNet).
enum class Fan { in, out };
Value conv_filter(Graph& g, const std::string& name, int64_t out, int64_t in, int64_t kernel, Fan fan);

}  // namespace thorax
