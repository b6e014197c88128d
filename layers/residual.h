// The end of a residual block (He, Zhang, Ren & Sun, CVPR 2016) as one op: batch norm, addition of the shortcut, ReLU.
#pragma once

#include <optional>
#include <string>

#include "layers/conv2d.h"
#include "layers/parameters.h"

namespace thorax {

// What is added: a Value as it is (the identity), or behind a batch norm of its own.
struct Summand {
  Value x;                                // [N,C,H,W]
  Value statistics{};                     // of x, where there is a batch norm; null in evaluation mode
  std::string norm_name{};                //
  std::optional<BatchNormValues> norm{};  //
};

// Makes the parameters of the batch norm.
Summand normalised(Graph& g, const std::string& norm_name, const ConvOutput& x);

// y = relu(branch + shortcut), [N,C,H,W]; the branch has a batch norm.
Value residual_add_relu(Graph& g, const std::string& name, const Summand& branch, const Summand& shortcut);

}  // namespace thorax
